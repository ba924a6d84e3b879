import ReeveProtocol

extension EndpointMachine {
    /// Nobody is put off for longer by a `Retry-After`.
    static let longestRetryAfter = Duration.seconds(86_400)

    /// Starts what the free slots allow, each lane in its turn.
    mutating func dispatch() {
        guard !isPaused, !isStopped else { return }
        while breaker.admits(inFlight: busy, limit: settings.inFlight, at: now), let lane = ready.popFirst() {
            guard lanes[lane]?.state == .ready else { continue }
            start(lane)
        }
        if ready.isEmpty { ready = [] }
    }

    private mutating func start(_ lane: Lane) {
        guard var queue = lanes[lane] else { return }
        if let first = queue.items.first, first.change.sequence <= flushThrough { queue.isDrainDue = true }
        if let count = queue.submission(limits) {
            let changes = queue.items.prefix(count).map(\.change)
            queue.state = .sending(count)
            queue.cut = changes.last?.sequence
            queue.sentAt = now
            lanes[lane] = queue
            busy += 1
            let attempt = queue.failures + queue.refusals + 1
            actions.append(.send(Submission(lane: lane, changes: changes, attempt: attempt)))
        } else if queue.isDetached {
            lanes[lane] = queue
            startReading(lane, after: queue.readThrough)
        } else if queue.items.isEmpty {
            lanes[lane]?.state = .idle
            finished.append(lane)
        } else {
            gather(lane)
        }
    }

    private mutating func gather(_ lane: Lane) {
        let range = settings.drain
        let until = now + range.lowerBound + (range.upperBound - range.lowerBound) * random.chance()
        wait(lane, until: until, .gathering(until))
    }

    /// The lane has nothing under way: on with it, if there is more.
    mutating func goOn(_ lane: Lane) {
        guard let queue = lanes[lane] else { return }
        if !queue.items.isEmpty || queue.isDetached {
            makeReady(lane)
        } else {
            lanes[lane]?.state = .idle
            finished.append(lane)
        }
    }

    mutating func answered(_ lane: Lane, _ result: DeliveryResult) {
        guard case .sending(let count) = lanes[lane]?.state else { return }
        busy -= 1
        lanes[lane]?.lastAnswer = result.reply.summary
        counts.lastAnswer = result.reply.summary
        switch result {
        case .delivered:
            counts.delivered += count
            notice(breaker.answered(limit: settings.inFlight), "")
            finish(lane)
        case .trouble(let reply, let after): troubled(lane, reply, after)
        case .refused(let reply):
            notice(breaker.answered(limit: settings.inFlight), "")
            refused(lane, reply)
        case .paused(let reply):
            lanes[lane]?.state = .idle
            makeReady(lane)
            // Several may be told so at once; the first says it for all.
            if !isPaused { actions.append(.tell(.paused(reason: reply.summary))) }
            isPaused = true
        }
    }

    /// The lane's submission is over for good, delivered or given up.
    private mutating func finish(_ lane: Lane) {
        for item in lanes[lane]?.finishSubmission() ?? [] { window.pass(item.change.sequence) }
        dirty.insert(lane)
        hasNews = true
        goOn(lane)
    }

    private mutating func troubled(_ lane: Lane, _ reply: Reply, _ after: Duration?) {
        counts.retries += 1
        let failures = (lanes[lane]?.failures ?? 0) + 1
        lanes[lane]?.failures = failures
        let chance = random.chance()
        let policy = settings.retry
        func backOff(_ failures: Int) -> Duration { policy.wait(afterFailures: failures, chance: chance) }
        if let after { breaker.hold(until: now + min(after, Self.longestRetryAfter)) }
        let edge = breaker.failed(laneFailures: failures, at: now, wait: backOff)
        wait(lane, until: now + backOff(failures), .waiting(now + backOff(failures)))
        if lanes[lane]?.isDetached == true { lanes[lane]?.unload() }
        notice(edge, reply.summary)
        // One probe finds out for all of them.
        if breaker.isOpen { makeReady(lane) }
    }

    private mutating func refused(_ lane: Lane, _ reply: Reply) {
        let refusals = (lanes[lane]?.refusals ?? 0) + 1
        lanes[lane]?.refusals = refusals
        lanes[lane]?.failures = 0
        guard refusals >= settings.retry.limit else {
            counts.retries += 1
            let time = now + settings.retry.wait(afterFailures: refusals, chance: random.chance())
            wait(lane, until: time, .waiting(time))
            if lanes[lane]?.isDetached == true { lanes[lane]?.unload() }
            return
        }
        guard settings.refused == .deadLetter else {
            lanes[lane]?.state = .held
            if lanes[lane]?.isDetached == true { lanes[lane]?.unload() }
            return
        }
        guard case .sending(let count) = lanes[lane]?.state else { return }
        counts.dead += count
        givenUp += (lanes[lane]?.items.prefix(count) ?? []).map {
            DeliveryProgress.GivenUp(change: $0.change, reason: reply.summary, status: reply.status)
        }
        finish(lane)
    }

    private mutating func notice(_ edge: Breaker.Edge?, _ reason: String) {
        switch edge {
        case nil: break
        case .closed: actions.append(.tell(.closed))
        case .opened:
            actions.append(.tell(.opened(reason: reason)))
            for (lane, queue) in lanes where queue.failures > 0 {
                if case .waiting = queue.state { makeReady(lane) }
            }
        }
    }

    mutating func flushRequested(through sequence: Int64) {
        flushThrough = max(flushThrough, sequence)
        for (lane, queue) in lanes {
            guard case .gathering = queue.state else { continue }
            lanes[lane]?.isDrainDue = true
            makeReady(lane)
        }
        mayHaveMore = true
    }

    mutating func redefined(_ settings: EndpointSettings, isPaused: Bool) {
        self.settings = settings
        self.isPaused = isPaused
        breaker.reset()
        for lane in lanes.keys {
            dropRefused(lane)
            lanes[lane]?.failures = 0
            lanes[lane]?.refusals = 0
            switch lanes[lane]?.state {
            case .waiting, .held, .gathering: goOn(lane)
            default: break
            }
        }
    }

    /// The filter may be another one: what it no longer takes is done, but for what is being sent.
    private mutating func dropRefused(_ lane: Lane) {
        guard var queue = lanes[lane] else { return }
        var sending = 0
        if case .sending(let count) = queue.state { sending = count }
        let rest = queue.items.dropFirst(sending)
        let kept = rest.filter { settings.takes($0.change) }
        for item in rest where !settings.takes(item.change) {
            window.pass(item.change.sequence)
            countPassed(item.change)
        }
        queue.items = ArraySlice(queue.items.prefix(sending) + kept)
        lanes[lane] = queue
    }
}
