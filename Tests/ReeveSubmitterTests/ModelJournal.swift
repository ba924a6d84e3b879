import JSON
import ReeveProtocol
import ReeveStore
import ReeveSubmitter

/// A journal and one endpoint's record of it, in memory, with the store's rules.
struct ModelJournal {
    private(set) var changes: [StateChange] = []
    private(set) var cursor: Int64 = 0
    private(set) var positions: [Lane: Int64] = [:]
    private(set) var replays: [Lane: Replay] = [:]
    private(set) var replayThrough: Int64?
    private(set) var deadLetters: [DeliveryProgress.GivenUp] = []
    private(set) var wishes: [Int64: WantedLetter.Wish] = [:]
    private var lastOfLane: [Lane: Int64] = [:]

    var head: Int64 { changes.last?.sequence ?? 0 }

    /// Numbers start at 10 and go by tens, so that mistaking one for a count shows.
    @discardableResult
    mutating func append(_ lane: Lane, _ type: String, run: String? = nil, padding: Int = 0) -> StateChange {
        let sequence = Int64(changes.count + 1) * 10
        let change = StateChange(
            sequence: sequence,
            id: "change-\(sequence)",
            lane: lane,
            previous: lastOfLane[lane],
            content: StateChange.Content(
                type: type,
                subject: nil,
                time: Timestamp(milliseconds: sequence),
                summary: "\(type) in \(lane)" + String(repeating: "x", count: padding),
                data: run.map { ["run": .string($0)] }
            )
        )
        lastOfLane[lane] = sequence
        changes.append(change)
        return change
    }

    func page(after sequence: Int64, of lane: Lane? = nil, limit: Int, bytes: Int) -> JournalPage {
        var start = Int(sequence / 10)
        var page = JournalPage(changes: [], isEnd: false, head: head)
        var size = 0
        while page.changes.count < limit, size < bytes {
            guard start < changes.count else {
                page.isEnd = true
                break
            }
            let change = changes[start]
            start += 1
            guard lane == nil || change.lane == lane else { continue }
            page.changes.append(change)
            size += 256 + change.content.summary.utf8.count
        }
        return page
    }

    /// As the store does it: the cursor deletes the positions that it passes, and then those given are set.
    ///
    /// Answers whether more may be wanted of letters than before.
    @discardableResult
    mutating func commit(_ progress: DeliveryProgress) -> Bool {
        let before = cursor
        cursor = progress.cursor
        positions = positions.filter { lane, position in
            let again = replays[lane]?.through ?? 0
            return position <= before || position > progress.cursor || again > progress.cursor
        }
        for (lane, position) in progress.positions { positions[lane] = position }
        replays = replays.filter { positions[$0.key] != nil }
        remove { progress.resolved.contains($0.change.sequence) }
        for sequence in progress.released where wishes[sequence] == .retry { wishes[sequence] = nil }
        for letter in progress.deadLetters { insert(letter) }
        let count = deadLetters.count
        remove { [self] in $0.isHeld && $0.change.sequence <= committed($0.change.lane) }
        return !progress.deadLetters.isEmpty || !progress.resolved.isEmpty || deadLetters.count < count
    }

    private mutating func insert(_ letter: DeliveryProgress.GivenUp) {
        let sequence = letter.change.sequence
        let wish = wishes[sequence]
        let isThere = deadLetters.contains { $0.change.sequence == sequence }
        remove { $0.change.sequence == sequence }
        guard isThere || !letter.isRetry, letter.isHeld || wish != .drop else { return }
        deadLetters.append(letter)
        wishes[sequence] = letter.isHeld ? wish : nil
    }

    private mutating func remove(_ isGone: (DeliveryProgress.GivenUp) -> Bool) {
        for letter in deadLetters where isGone(letter) { wishes[letter.change.sequence] = nil }
        deadLetters.removeAll(where: isGone)
    }

    /// Dead ones that are to be dropped are gone at once, those that are held when their lane has passed them.
    mutating func want(_ wish: WantedLetter.Wish, _ sequences: [Int64]) {
        for letter in deadLetters where sequences.contains(letter.change.sequence) {
            let isOpen = wish == .retry && wishes[letter.change.sequence] != .drop
            if isOpen || wish == .drop && letter.isHeld { wishes[letter.change.sequence] = wish }
        }
        if wish == .drop { remove { !$0.isHeld && sequences.contains($0.change.sequence) } }
    }

    func wanted(_ limit: Int) -> [WantedLetter] {
        let holding = Set(deadLetters.filter { $0.isHeld && wishes[$0.change.sequence] == nil }.map(\.change.lane))
        let letters = deadLetters.sorted { $0.change.sequence < $1.change.sequence }.compactMap { letter in
            let wish = wishes[letter.change.sequence]
            let waits = wish == .retry && !letter.isHeld && holding.contains(letter.change.lane)
            return (waits ? nil : wish).map {
                WantedLetter(change: letter.change, wish: $0, isHeld: letter.isHeld, attempts: letter.attempts)
            }
        }
        return Array(letters.prefix(limit))
    }

    /// Everything of the lane up to here was done once.
    func done(_ lane: Lane) -> Int64 { max(committed(lane), replays[lane]?.through ?? replayThrough ?? 0) }

    /// As the store does it: without a lane the cursor goes back, if it is beyond that, and each lane that came another way
    /// stays what it was.
    mutating func replay(after: Int64, through: Int64? = nil, lane: Lane? = nil) {
        guard let lane else {
            guard after < cursor else {
                for lane in positions.keys where done(lane) > after { replay(after: after, lane: lane) }
                return
            }
            for (lane, position) in positions {
                replays[lane] = Replay(through: done(lane))
                positions[lane] = min(position, after)
            }
            replayThrough = max(cursor, replayThrough ?? 0)
            cursor = after
            return
        }
        let last = done(lane)
        guard
            changes.contains(where: {
                $0.lane == lane && $0.sequence > after && $0.sequence <= min(last, through ?? last)
            })
        else { return }
        var until = through
        if let replay = replays[lane] ?? replayThrough.map({ Replay(through: $0) }), committed(lane) < replay.through {
            until = through.flatMap { end in replay.until.map { max($0, end) } }
        }
        replays[lane] = Replay(through: last, until: until)
        positions[lane] = min(after, committed(lane))
    }

    /// Up to where somebody wants what is held of the lane to be dropped.
    func dropped(_ lane: Lane) -> Int64 {
        deadLetters.filter { $0.change.lane == lane && wishes[$0.change.sequence] == .drop }.map(\.change.sequence)
            .max()
            ?? 0
    }

    /// What the next machine begins with.
    var lanePositions: [Lane: LanePosition] {
        Dictionary(
            uniqueKeysWithValues: positions.map { lane, done in (lane, LanePosition(done: done, replay: replays[lane]))
            }
        )
    }

    /// Up to where the record says that the lane is done.
    func committed(_ lane: Lane) -> Int64 { positions[lane] ?? cursor }
}
