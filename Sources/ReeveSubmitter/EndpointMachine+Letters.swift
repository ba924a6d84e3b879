import ReeveProtocol

/// The dead letters of which something is wanted, as far as an endpoint's machine has to do with them now.
///
/// They are read by pages. The next page is read when nothing of the last one is left, and that is written down: so no
/// letter is taken twice.
struct WantedLetters: Sendable {
    var mayBeMore = true
    var isReading = false
    /// Lanes with some that are to be tried or dropped.
    var open: Set<Lane> = []
    /// Held ones that are tried again; they stay until their lane goes on.
    var released: [Int64] = []
}

extension EndpointMachine {
    /// Letters read at once; each may be as large as a change is.
    static let letterPage = 20

    mutating func refillWanted() {
        guard letters.mayBeMore, !letters.isReading, letters.open.isEmpty, !isCommitting, !hasNews, !isPaused,
            !isStopped
        else { return }
        letters.isReading = true
        letters.mayBeMore = false
        actions.append(.readWanted(limit: Self.letterPage))
    }

    mutating func read(_ wanted: [WantedLetter]) {
        letters.isReading = false
        if wanted.count == Self.letterPage { letters.mayBeMore = true }
        for letter in wanted { take(letter) }
    }

    private mutating func take(_ letter: WantedLetter) {
        let (lane, sequence) = (letter.change.lane, letter.change.sequence)
        let isAhead = sequence > lanes[lane]?.done ?? window.readThrough
        switch letter.wish {
        case .retry where letter.isHeld:
            letters.released.append(sequence)
            hasNews = true
            guard lanes[lane]?.state == .held else { return }
            lanes[lane]?.refusals = 0
            makeReady(lane)
        case .drop where letter.isHeld && isAhead:
            letters.open.insert(lane)
            if lanes[lane] == nil { lanes[lane] = LaneQueue(done: window.cursor) }
            // Those before it in its submission are held for the same reason, and go with it.
            let last = max(lanes[lane]?.dropThrough ?? 0, sequence)
            lanes[lane]?.dropThrough = last
            takeUp(lane, orWaiting: true)
        case .drop:
            // It is done: there is nothing left to be dropped but the letter.
            resolved.append(sequence)
            hasNews = true
        case .retry where lanes[lane]?.state == .held:
            // It stays wanted, and is read again when the lane is free.
            return
        case .retry:
            letters.open.insert(lane)
            if lanes[lane] == nil { lanes[lane] = LaneQueue(done: window.cursor) }
            lanes[lane]?.retries.append(letter)
            takeUp(lane, orWaiting: false)
        }
    }

    mutating func takeUp(_ lane: Lane, orWaiting: Bool) {
        switch lanes[lane]?.state {
        case .idle, .gathering: makeReady(lane)
        case .held, .waiting: if orWaiting { makeReady(lane) }
        case .ready, .reading, .sending, nil: break
        }
    }

    /// Before a lane is sent: what somebody wanted dropped goes.
    mutating func drop(_ lane: Lane) {
        guard let last = lanes[lane]?.dropThrough else { return }
        // Not all of it has been read: it goes when it is.
        guard lanes[lane]?.isDetached == true || last <= window.readThrough else { return }
        if let number = lanes[lane]?.parcel, parcels[number] != nil { dissolveParcel(of: lane) }
        let dropped = lanes[lane]?.drop() ?? []
        for item in dropped { window.pass(item.change.sequence) }
        counts.dead += dropped.count
        closeLetters(of: lane)
        dirty.insert(lane)
        hasNews = true
    }

    /// The lane is held: what is to be tried again of it waits where it was read, and nobody waits for that.
    mutating func putOffRetries(of lane: Lane) {
        lanes[lane]?.retries = []
        closeLetters(of: lane)
    }

    private mutating func closeLetters(of lane: Lane) {
        if lanes[lane]?.isWanted != true { letters.open.remove(lane) }
    }

    /// The lane's dead letter was tried again, and that was that.
    mutating func settleRetry(of lane: Lane, _ settle: (inout EndpointMachine, WantedLetter) -> Void) {
        guard let letter = lanes[lane]?.retries.popFirst() else { return }
        settle(&self, letter)
        closeLetters(of: lane)
        hasNews = true
        lanes[lane]?.state = .idle
        lanes[lane]?.parcel = nil
        lanes[lane]?.attempts = 0
        lanes[lane]?.failures = 0
        if lanes[lane]?.retries.isEmpty == true { lanes[lane]?.retries = [] }
        goOn(lane)
    }
}
