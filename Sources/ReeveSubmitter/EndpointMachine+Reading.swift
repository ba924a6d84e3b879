import ReeveProtocol
import ReeveStore

extension EndpointMachine {
    /// How long a request may keep the cursor of a full window before its lane is left behind.
    static let patience = Duration.seconds(1)

    /// The window has room for a page worth reading.
    private var hasRoom: Bool {
        window.count * 4 <= limits.window * 3 && window.weight * 4 <= limits.windowBytes * 3
    }

    mutating func refill() {
        guard mayHaveMore, !isReading, !isStopped, !isPaused, hasRoom else { return }
        isReading = true
        grewWhileReading = false
        let limit = min(limits.page, limits.window - window.count)
        actions.append(
            .read(after: window.readThrough, limit: limit, bytes: limits.windowBytes - window.weight)
        )
    }

    mutating func read(_ page: JournalPage) {
        isReading = false
        mayHaveMore = !page.isEnd || grewWhileReading
        for change in page.changes { append(change) }
    }

    private mutating func append(_ change: StateChange) {
        let lane = change.lane
        if let last = lanes[lane]?.dropThrough, change.sequence <= last {
            window.append(change.sequence, lane: lane, weight: 0)
            return takeUp(lane, orWaiting: true)
        }
        guard settings.takes(change) else {
            countPassed(change)
            return window.append(change.sequence, lane: lane, weight: 0)
        }
        counts.accepted += 1
        if let queue = lanes[lane], queue.isDetached || change.sequence <= queue.done || queue.skips(change.sequence) {
            window.append(change.sequence, lane: lane, weight: 0)
            // Of a lane left behind while it gathered: what it waits for has come.
            if case .gathering = queue.state, !change.isProgress { makeReady(lane) }
            return
        }
        var queue = lanes[lane] ?? LaneQueue(done: window.cursor)
        let item = item(change, of: queue)
        window.append(change.sequence, lane: lane, weight: item.weight)
        queue.items.append(item)
        lanes[lane] = queue
        switch queue.state {
        case .idle: makeReady(lane)
        case .gathering where !change.isProgress || queue.items.count >= limits.submission: makeReady(lane)
        default: break
        }
    }

    private func item(_ change: StateChange, of queue: LaneQueue) -> LaneQueue.Item {
        let again = (queue.replay ?? replay)?.through ?? 0
        return LaneQueue.Item(change: change, weight: change.weight, isRedelivered: change.sequence <= again)
    }

    /// Asks for what comes next of a lane that was left behind. It counts as a request, so that few are in memory.
    mutating func startReading(_ lane: Lane, after sequence: Int64) {
        lanes[lane]?.state = .reading
        busy += 1
        actions.append(
            .readLane(lane, after: sequence, limit: limits.submission, bytes: limits.submissionBytes)
        )
    }

    mutating func read(_ page: JournalPage, of lane: Lane) {
        guard var queue = lanes[lane], queue.state == .reading else { return }
        busy -= 1
        // What the window read meanwhile, and left to this read, may have come after it: then it is not the end.
        let hasCaughtUp = page.isEnd && page.head >= window.readThrough
        for change in page.changes where !hasCaughtUp || change.sequence <= window.readThrough {
            if !settings.takes(change) {
                countPassed(change)
            } else if !queue.skips(change.sequence) {
                queue.items.append(item(change, of: queue))
            }
            queue.readThrough = change.sequence
        }
        if hasCaughtUp {
            // The window goes on from there.
            while let last = queue.items.last, last.change.sequence > window.readThrough { queue.items.removeLast() }
            queue.isDetached = false
            laggards -= 1
        } else if queue.items.isEmpty {
            // All of it was for the filter. A position is always the number of a change of the lane itself: it is
            // looked at again when the cursor passes that change.
            queue.done = queue.readThrough
        }
        queue.state = .idle
        lanes[lane] = queue
        dirty.insert(lane)
        if hasCaughtUp { hasNews = true }
        goOn(lane)
    }

    /// Moves the cursor, and forgets lanes of which nothing is left to be known.
    mutating func advance() {
        for lane in window.advance() {
            if lanes[lane] != nil || committedPositions[lane] != nil { dirty.insert(lane) }
            finished.append(lane)
        }
        endReplay()
        for lane in finished {
            guard let queue = lanes[lane], queue.isIdle, queue.done <= window.cursor,
                window.cursor >= rowNeededThrough(queue)
            else { continue }
            lanes[lane] = nil
        }
        finished = []
    }

    /// Once the cursor is where it was taken back from, no lane has to be told from it any longer.
    private mutating func endReplay() {
        guard !isReplayOver, window.cursor >= replay?.through ?? 0 else { return }
        isReplayOver = true
        for (lane, queue) in lanes where queue.replay != nil {
            dirty.insert(lane)
            finished.append(lane)
        }
    }

    /// Lets the cursor pass lanes that hold it up while there is nothing else to do.
    mutating func passOver() {
        while !hasRoom, mayPassOver, laggards < limits.laggards, let lane = window.firstLane, holdsUp(lane) {
            leaveBehind(lane)
            advance()
        }
    }

    /// When a lane whose request takes long may be left behind; `nil` if that is not what everything waits for.
    func timeToPassOver() -> Duration? {
        guard !hasRoom, mayPassOver, laggards < limits.laggards, let lane = window.firstLane,
            case .sending = lanes[lane]?.state, let sentAt = lanes[lane]?.sentAt
        else { return nil }
        return max(sentAt + Self.patience, now)
    }

    private var mayPassOver: Bool {
        ready.isEmpty && busy < settings.inFlight && !breaker.isOpen && !isPaused && !isStopped
    }

    private func holdsUp(_ lane: Lane) -> Bool {
        guard let queue = lanes[lane] else { return false }
        switch queue.state {
        case .waiting, .gathering, .held: return true
        case .sending: return queue.sentAt + Self.patience <= now
        case .idle, .ready, .reading: return false
        }
    }

    private mutating func leaveBehind(_ lane: Lane) {
        for item in lanes[lane]?.items ?? [] { window.pass(item.change.sequence) }
        // Of several lanes together nobody waits for the slowest.
        if lanes[lane]?.isSending == false { dissolveParcel(of: lane) }
        lanes[lane]?.isDetached = true
        lanes[lane]?.unload()
        laggards += 1
        dirty.insert(lane)
        // Written down at once: the row is what allows the cursor to pass.
        hasNews = true
    }

    /// It is not sent, and is done so.
    mutating func countPassed(_ change: StateChange) {
        if settings.isMuted(change) { counts.muted += 1 } else { counts.filtered += 1 }
    }
}
