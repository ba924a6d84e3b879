import ReeveProtocol

extension EndpointMachine {
    /// Nobody is put off for longer by a `Retry-After`.
    static let longestRetryAfter = Duration.seconds(86_400)

    mutating func answered(_ number: Int, _ result: DeliveryResult) {
        guard let together = parcels[number], together.contains(where: { lanes[$0]?.isSending == true }) else { return }
        busy -= 1
        counts.answered(result.reply, after: now - (lanes[together[0]]?.sentAt ?? now))
        for lane in together { lanes[lane]?.lastAnswer = result.reply.summary }
        switch result {
        case .delivered:
            notice(breaker.answered(limit: settings.inFlight), "")
            parcels[number] = nil
            for lane in together { delivered(lane) }
        case .trouble(let reply, let after): troubled(number, together, reply, after)
        case .refused(let reply):
            notice(breaker.answered(limit: settings.inFlight), "")
            parcels[number] = nil
            refused(together, reply)
        case .paused(let reply):
            if together.count == 1 { forgetParcel(number, together[0]) }
            for lane in together { makeReady(lane) }
            // Several may be told so at once; the first says it for all.
            if !isPaused { actions.append(.tell(.paused(reason: reply.summary))) }
            isPaused = true
        }
    }

    /// A lane alone is cut at the same place by what it knows itself.
    private mutating func forgetParcel(_ number: Int, _ lane: Lane) {
        parcels[number] = nil
        lanes[lane]?.parcel = nil
    }

    private mutating func delivered(_ lane: Lane) {
        guard case .sending(let count) = lanes[lane]?.state else { return }
        guard count > 0 else {
            counts.delivered += 1
            return settleRetry(of: lane) { machine, letter in machine.resolve([letter.change.sequence]) }
        }
        counts.delivered += count
        if let limit = lanes[lane]?.batchLimit {
            lanes[lane]?.batchLimit = 2 * limit < settings.batch.events ? 2 * limit : nil
        }
        // It may have been a dead letter before.
        resolve(lanes[lane]?.items.prefix(count).filter(\.isRedelivered).map(\.change.sequence) ?? [])
        finish(lane)
    }

    /// They are dead letters no longer, if they were.
    private mutating func resolve(_ sequences: [Int64]) {
        guard !sequences.isEmpty else { return }
        givenUp.removeAll { sequences.contains($0.change.sequence) }
        resolved += sequences
    }

    /// The lane's submissions are over for good, delivered or given up.
    private mutating func finish(_ lane: Lane) {
        for item in lanes[lane]?.finishSubmissions() ?? [] { window.pass(item.change.sequence) }
        dirty.insert(lane)
        hasNews = true
        goOn(lane)
    }

    /// The endpoint's trouble: all lanes of the parcel back off together.
    private mutating func troubled(_ number: Int, _ together: [Lane], _ reply: Reply, _ after: Duration?) {
        counts.retries += 1
        let failures = (together.compactMap { lanes[$0]?.failures }.max() ?? 0) + 1
        let chance = random.chance()
        let policy = settings.retry
        func backOff(_ failures: Int) -> Duration { policy.wait(afterFailures: failures, chance: chance) }
        if let after { breaker.hold(until: now + min(after, Self.longestRetryAfter)) }
        let edge = breaker.failed(laneFailures: failures, at: now, wait: backOff)
        if together.count == 1 { forgetParcel(number, together[0]) }
        for lane in together {
            lanes[lane]?.failures = failures
            wait(lane, until: now + backOff(failures), .waiting(now + backOff(failures)))
            if lanes[lane]?.isDetached == true { lanes[lane]?.unload() }
        }
        // A lane that was left behind while it was sent goes on by itself.
        if together.count > 1, together.contains(where: { lanes[$0]?.isDetached == true }) {
            dissolveParcel(of: together[0])
        }
        notice(edge, reply.summary)
        // One probe finds out for all of them.
        if breaker.isOpen { for lane in together { makeReady(lane) } }
    }

    private mutating func refused(_ together: [Lane], _ reply: Reply) {
        for lane in together { lanes[lane]?.parcel = nil }
        if case .sending(0) = lanes[together[0]]?.state {
            return settleRetry(of: together[0]) { machine, letter in
                machine.counts.dead += 1
                let attempts = letter.attempts + (machine.lanes[together[0]]?.attempts ?? 0)
                machine.giveUp([letter.change], reply, attempts: attempts, isRetry: true)
            }
        }
        let events = together.reduce(0) { $0 + (lanes[$1]?.cuts.count ?? 0) }
        guard events > 1 else { return refused(together[0], reply) }
        // Nothing dies of bad company: it is tried in halves, down to one.
        counts.retries += 1
        for lane in together {
            lanes[lane]?.batchLimit = events / 2
            lanes[lane]?.failures = 0
            lanes[lane]?.cuts = []
            makeReady(lane)
            if lanes[lane]?.isDetached == true { lanes[lane]?.unload() }
        }
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
        guard case .sending(let count) = lanes[lane]?.state else { return }
        let changes = (lanes[lane]?.items.prefix(count) ?? []).map(\.change)
        let attempts = lanes[lane]?.attempts ?? 0
        let isHeld = settings.refused == .hold
        giveUp(changes, reply, attempts: attempts, isHeld: isHeld)
        guard isHeld else {
            counts.dead += count
            return finish(lane)
        }
        lanes[lane]?.state = .held
        putOffRetries(of: lane)
        if lanes[lane]?.isDetached == true { lanes[lane]?.unload() }
        // Somebody wanted that while it was tried.
        if lanes[lane]?.dropThrough != nil { makeReady(lane) }
    }

    private mutating func giveUp(
        _ changes: [StateChange],
        _ reply: Reply,
        attempts: Int,
        isHeld: Bool = false,
        isRetry: Bool = false
    ) {
        givenUp += changes.map {
            DeliveryProgress.GivenUp(
                change: $0,
                reason: reply.summary,
                status: reply.status,
                attempts: attempts,
                isHeld: isHeld,
                isRetry: isRetry
            )
        }
        hasNews = true
        let news = changes.count { !$0.isEndpointFact }
        untold += news
        if news > 0 { untoldReason = reply.summary }
    }

    private mutating func notice(_ edge: Breaker.Edge?, _ reason: String) {
        switch edge {
        case nil: break
        case .closed: actions.append(.tell(.closed))
        case .opened:
            actions.append(.tell(.opened(reason: reason)))
            for lane in sortedLanes where lanes[lane]?.failures ?? 0 > 0 {
                if case .waiting = lanes[lane]?.state { makeReady(lane) }
            }
        }
    }
}
