package import ReeveProtocol
package import ReeveStore

/// Decides what one endpoint is sent and when.
///
/// It holds no task, clock or connection: its owner tells it what happened, and when, and does what it answers. Times are
/// counted from any fixed moment on a clock that never goes back.
///
/// Each lane's changes go out in order, one submission at a time. The cursor follows what is done; a lane that cannot
/// follow (it fails, it gathers, or its request takes long) while the window is full is left behind with a position of
/// its own, and read by itself from then on until it has caught up.
package struct EndpointMachine: Sendable {
    /// What happened.
    package enum Event: Sendable {
        case journalGrew
        /// Answers ``Action/read(after:limit:bytes:)``.
        case read(JournalPage)
        /// Answers ``Action/readLane(_:after:limit:bytes:)``.
        case readLane(Lane, JournalPage)
        /// Answers ``Action/send(_:)``, by the parcel's number.
        case answered(Int, DeliveryResult)
        /// Somebody wants something to become of dead letters.
        case letterWanted
        /// Answers ``Action/readWanted(limit:)``.
        case readWanted([WantedLetter])
        /// Answers ``Action/wake(at:)``, but may come at any time.
        case timeCame
        /// Answers ``Action/commit(_:)``.
        case committed
        /// The endpoint was put again. What was refused and what waited is tried at once.
        case redefined(EndpointSettings, isPaused: Bool)
        /// Step changes up to that number are sent without waiting for the drain.
        case flushRequested(through: Int64)
        /// Nothing is sent or read from now on.
        case stopped
    }

    /// What is to be done.
    package enum Action: Sendable, Equatable {
        case read(after: Int64, limit: Int, bytes: Int)
        case readLane(Lane, after: Int64, limit: Int, bytes: Int)
        case send(Parcel)
        /// The first of the dead letters of which something is wanted, by number.
        case readWanted(limit: Int)
        /// Say ``Event/timeCame`` at that time. The earliest that was asked for counts; others may fire as well.
        case wake(at: Duration)
        case commit(DeliveryProgress)
        case tell(EndpointFact)
    }

    package internal(set) var settings: EndpointSettings
    package internal(set) var counts = DeliveryCounts()
    let limits: SubmitterLimits

    var lanes: [Lane: LaneQueue] = [:]
    var ready: ArraySlice<Lane> = []
    var window: DeliveryWindow
    var deadlines = Deadlines()
    var breaker: Breaker
    var random: SplitMix
    var now = Duration.zero
    var actions: [Action] = []

    /// Requests and reads of single lanes that are under way.
    var busy = 0
    var laggards = 0
    var lastMark = 0
    var isReading = false
    var mayHaveMore = true
    var grewWhileReading = false
    var isPaused = false
    var isStopped = false
    var flushThrough: Int64 = 0
    /// Lanes that may have nothing left to be remembered.
    var finished: [Lane] = []

    /// The lanes of each parcel that is under way, and of those of several lanes that wait for another try.
    var parcels: [Int: [Lane]] = [:]
    var lastParcel = 0
    var letters = WantedLetters()
    /// The whole journal is sent again up to here.
    let replay: Replay?
    var isReplayOver = false
    /// When it was last told that changes were refused for good; and how many since, written down or not.
    var lastTold: Duration?
    var untold = 0
    var untoldReason = ""

    var isCommitting = false
    var hasNews = false
    var dirty: Set<Lane> = []
    var committedCursor: Int64
    var committedPositions: [Lane: Int64]
    var givenUp: [DeliveryProgress.GivenUp] = []
    var resolved: [Int64] = []

    /// - Parameters:
    ///   - cursor: As it was last committed.
    ///   - positions: Likewise: those behind the cursor are laggards, those before it were delivered ahead of it.
    ///   - replayThrough: Up to this number the whole journal is sent again.
    ///   - isDown: The last that was told of it is that it does not answer.
    ///   - seed: Decides the chances of the back-off and of the drain.
    package init(
        _ settings: EndpointSettings,
        cursor: Int64,
        positions: [Lane: LanePosition] = [:],
        replayThrough: Int64? = nil,
        isPaused: Bool = false,
        isDown: Bool = false,
        limits: SubmitterLimits = SubmitterLimits(),
        seed: UInt64
    ) {
        self.settings = settings
        self.limits = limits
        self.isPaused = isPaused
        breaker = Breaker(isOpen: isDown)
        window = DeliveryWindow(cursor: cursor)
        random = SplitMix(seed: seed)
        committedCursor = cursor
        committedPositions = positions.mapValues(\.done)
        replay = replayThrough.map { Replay(through: $0) }
        for (lane, position) in positions.sorted(by: {
            ($0.value.done, $0.key.name) < ($1.value.done, $1.key.name)
        }) {
            guard position.done != cursor || position.replay != nil else {
                dirty.insert(lane)
                continue
            }
            lanes[lane] = LaneQueue(done: position.done)
            lanes[lane]?.replay = position.replay
            if position.done < cursor || position.isReplay {
                lanes[lane]?.isDetached = true
                laggards += 1
                makeReady(lane)
            }
        }
    }

    /// Takes what happened at `now` and answers what is to be done, in that order.
    package mutating func handle(_ event: Event, at now: Duration) -> [Action] {
        self.now = max(now, self.now)
        switch event {
        case .journalGrew:
            mayHaveMore = true
            grewWhileReading = true
        case .read(let page): read(page)
        case .readLane(let lane, let page): read(page, of: lane)
        case .answered(let number, let result): answered(number, result)
        case .letterWanted: letters.mayBeMore = true
        case .readWanted(let wanted): read(wanted)
        case .timeCame: timeCame()
        case .committed: isCommitting = false
        case .redefined(let settings, let isPaused): redefined(settings, isPaused: isPaused)
        case .flushRequested(let sequence): flushRequested(through: sequence)
        case .stopped: isStopped = true
        }
        settle()
        defer { actions = [] }
        return actions
    }

    /// Does whatever can be done now, whatever has just happened.
    private mutating func settle() {
        advance()
        dispatch()
        passOver()
        dispatch()
        refill()
        refillWanted()
        if let progress = progress(isLast: false) {
            isCommitting = true
            actions.append(.commit(progress))
        }
        if let time = nextWake() { actions.append(.wake(at: time)) }
    }

    mutating func makeReady(_ lane: Lane) {
        guard lanes[lane] != nil, lanes[lane]?.state != .ready else { return }
        lanes[lane]?.state = .ready
        ready.append(lane)
    }

    /// The lane waits for a time, or gathers until then.
    mutating func wait(_ lane: Lane, until time: Duration, _ state: LaneQueue.State) {
        lastMark += 1
        lanes[lane]?.state = state
        lanes[lane]?.mark = lastMark
        deadlines.insert(Deadlines.Entry(time: time, lane: lane, mark: lastMark))
        if deadlines.count > 2 * lanes.count + 64 { deadlines.keep(holds) }
    }

    private func holds(_ entry: Deadlines.Entry) -> Bool {
        guard let lane = lanes[entry.lane], lane.mark == entry.mark else { return false }
        switch lane.state {
        case .waiting, .gathering: return true
        case .idle, .ready, .reading, .sending, .held: return false
        }
    }

    private mutating func timeCame() {
        while let first = deadlines.first, first.time <= now || !holds(first) {
            _ = deadlines.removeFirst()
            guard holds(first) else { continue }
            if case .gathering = lanes[first.lane]?.state { lanes[first.lane]?.isDrainDue = true }
            makeReady(first.lane)
        }
    }

    private mutating func nextWake() -> Duration? {
        guard !isStopped else { return nil }
        guard !isPaused else { return timeToTell() }
        while let first = deadlines.first, !holds(first) { _ = deadlines.removeFirst() }
        var times = [deadlines.first?.time, timeToPassOver(), timeToTell()]
        if !ready.isEmpty { times.append(breaker.closedUntil(now)) }
        return times.compactMap(\.self).min()
    }
}
