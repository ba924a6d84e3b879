package import ReeveProtocol
import ReeveStore

extension EndpointMachine {
    /// The cursor may run ahead of what is written down by so many changes that only the filter refused.
    static let unwrittenFiltered: Int64 = 1000

    /// That changes were refused for good is told with the first of them, and then once a minute with how many they were.
    static let tellingInterval = Duration.seconds(60)

    /// What is to be committed; `nil` if there is nothing worth it, or a commit is under way.
    ///
    /// - Parameter isLast: Whatever there is, since nothing comes after it.
    package mutating func progress(isLast: Bool) -> DeliveryProgress? {
        guard !isCommitting || isLast else { return nil }
        let isWorth = hasNews || isTimeToTell || window.cursor - committedCursor >= Self.unwrittenFiltered
        let isAnything = window.cursor != committedCursor || !dirty.isEmpty || untold > 0
        guard isWorth || isLast && isAnything else { return nil }
        var progress = DeliveryProgress(
            cursor: window.cursor,
            deadLetters: givenUp,
            resolved: resolved,
            released: letters.released,
            refusals: isTimeToTell || isLast ? refusalsToTell() : nil
        )
        for lane in dirty {
            let (position, before) = (position(of: lane), committedPositions[lane])
            committedPositions[lane] = position
            // A position that the cursor passes is deleted with that, and must be set again if it is to stay.
            let isDeleted = before.map { $0 > committedCursor && $0 <= window.cursor } ?? false
            if position != (isDeleted ? nil : before) { progress.positions.updateValue(position, forKey: lane) }
        }
        givenUp = []
        resolved = []
        letters.released = []
        dirty = []
        hasNews = false
        committedCursor = window.cursor
        return progress
    }

    private var isTimeToTell: Bool {
        untold > 0 && lastTold.map { $0 + Self.tellingInterval <= now } ?? true
    }

    private mutating func refusalsToTell() -> DeliveryProgress.Refusals? {
        guard untold > 0 else { return nil }
        lastTold = now
        defer { untold = 0 }
        return DeliveryProgress.Refusals(count: untold, reason: untoldReason)
    }

    /// When there is something to tell that no commit under way delays; that is asked once more when it is over.
    func timeToTell() -> Duration? {
        untold > 0 && !isCommitting ? lastTold.map { $0 + Self.tellingInterval } : nil
    }

    /// The position that has to be written down for a lane: where the cursor says too much or too little.
    private func position(of lane: Lane) -> Int64? {
        guard let queue = lanes[lane] else { return nil }
        let cursor = window.cursor
        if queue.done > cursor { return queue.done }
        if queue.done < rowNeededThrough(queue) { return queue.done }
        let isBehind = queue.isDetached || (queue.items.first.map { $0.change.sequence <= cursor } ?? false)
        return isBehind && queue.done < cursor ? queue.done : nil
    }

    /// Up to this number the lane's row says what of the lane was done before a replay, and so what is sent again.
    func rowNeededThrough(_ queue: LaneQueue) -> Int64 {
        guard let own = queue.replay else { return 0 }
        return isReplayOver ? own.through : max(own.through, replay?.through ?? 0)
    }

    /// Whether everything up to that number is delivered, filtered or given up.
    package func isDone(through sequence: Int64) -> Bool {
        guard window.cursor >= sequence else { return false }
        return lanes.values.allSatisfy { queue in
            queue.isDetached ? queue.done >= sequence : (queue.items.first?.change.sequence ?? .max) > sequence
        }
    }

    /// Whether everything up to that number is done, what is wanted of dead letters as well, and all of it written down.
    package func isSettled(through sequence: Int64) -> Bool {
        let isRead = !letters.isReading && (isPaused || !letters.mayBeMore)
        return isDone(through: sequence) && isRead && letters.open.isEmpty && !isCommitting && !hasNews
    }

    /// How many changes up to that number are not done; `nil` while not all of them have been read.
    package func pending(through sequence: Int64) -> Int? {
        guard window.readThrough >= sequence, laggards == 0 else { return nil }
        return lanes.values.reduce(0) { $0 + $1.items.prefix { $0.change.sequence <= sequence }.count }
    }

    /// The time of the oldest change that is in memory and not done.
    package var oldestPending: Timestamp? {
        lanes.values.compactMap { $0.items.first?.change }.min { $0.sequence < $1.sequence }?.content.time
    }

    /// How the delivery of a change stands; `nil` if the filter refuses it.
    package func standing(of change: StateChange) -> ChangeStanding? {
        guard settings.takes(change) else { return nil }
        guard let queue = lanes[change.lane] else {
            return change.sequence <= window.readThrough ? .done : .pending(attempts: 0, lastAnswer: nil, next: nil)
        }
        guard change.sequence > queue.done else { return .done }
        let isFirst = queue.cuts.last.map { change.sequence <= $0 } ?? false
        let attempts = isFirst ? queue.attempts : 0
        let answer = isFirst ? queue.lastAnswer : nil
        if queue.isSending, isFirst { return .inFlight(attempts: attempts, lastAnswer: answer) }
        if queue.state == .held, isFirst { return .held(attempts: attempts, lastAnswer: answer) }
        if !queue.isDetached, queue.items.isEmpty, change.sequence <= window.readThrough { return .done }
        return .pending(attempts: attempts, lastAnswer: answer, next: nextTry(of: queue))
    }

    /// When what a lane would send at that time may go: not while nothing is sent to the endpoint at all.
    func admitted(_ time: Duration) -> Duration { max(time, breaker.closedUntil(now) ?? time) }

    private func nextTry(of queue: LaneQueue) -> Duration? {
        guard !isPaused else { return nil }
        switch queue.state {
        case .waiting(let time), .gathering(let time): return admitted(time)
        case .ready: return breaker.closedUntil(now)
        case .idle, .reading, .sending, .held: return nil
        }
    }

    /// Takes over what its predecessor knew of the endpoint itself, and has counted.
    package mutating func inherit(_ predecessor: EndpointMachine) {
        breaker = predecessor.breaker
        counts = predecessor.counts
        lastTold = predecessor.lastTold
    }

    /// What people are told of the endpoint.
    package var overview: EndpointOverview {
        EndpointOverview(
            state: isPaused ? .paused : breaker.isOpen ? .down : .active,
            breaker: breaker.condition(at: now),
            cursor: window.cursor,
            waiting: lanes.values.reduce(0) { $0 + $1.items.count },
            laggards: laggards,
            inFlight: busy,
            nextTry: breaker.closedUntil(now),
            counts: counts
        )
    }
}
