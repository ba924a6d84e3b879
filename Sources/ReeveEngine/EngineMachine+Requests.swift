// What a person asks for, and the end.
extension EngineMachine {
    /// Stops it, those who need it first, until it is started by hand.
    package mutating func stop(_ name: String, at time: Duration) throws(EngineError) {
        let id = try request(name, at: time)
        nodes[id].bounces = false
        nodes[id].rest = .stoppedByHand
        halt(id, ordered: true)
        tell(id)
        drawConsequences()
    }

    /// Lets it start: what was stopped by hand, given up or completed may run again, and what waits for its next try is
    /// tried now.
    package mutating func start(_ name: String, at time: Duration) throws(EngineError) {
        let id = try request(name, at: time)
        letStart(id)
        drawConsequences()
    }

    /// Stops and starts it again, and with it those who need it; what does not run is started.
    package mutating func restart(_ name: String, at time: Duration) throws(EngineError) {
        let id = try request(name, at: time)
        let attempt = nodes[id].attempt
        letStart(id)
        let isNew = nodes[id].attempt != attempt
        switch nodes[id].phase {
        case .starting where !isNew, .running:
            nodes[id].bounces = true
            halt(id, ordered: true)
        case .draining, .stopping:
            nodes[id].bounces = true
        case .idle, .waiting, .starting:
            break
        }
        drawConsequences()
    }

    /// Changes its limits; nothing is stopped for it. Each counts from the next start, stop or failure on.
    package mutating func setLimits(_ limits: ManifoldLimits, of name: String, at time: Duration) throws(EngineError) {
        let id = try request(name, at: time)
        if let fault = limits.fault { throw .invalidLimits(of: name, fault) }
        nodes[id].declaration.limits = limits
    }

    /// Stops everything, those who use something before what they use. What has not stopped when the time is over is
    /// left. Asked again, the time counts anew.
    package mutating func shutdown(within limit: Duration, at time: Duration) {
        now = max(now, time)
        guard status != .stopped else { return }
        beginShutdown(within: limit)
        armShutdown(within: limit)
        drawConsequences()
    }

    mutating func beginShutdown(within limit: Duration) {
        guard status == .started else { return }
        status = .stopping
        armShutdown(within: limit)
        for id in nodes.indices { halt(id, ordered: true) }
    }

    /// The time is over: everything is told, and nobody is waited for any more.
    mutating func giveUpStopping() {
        for id in nodes.indices {
            if nodes[id].phase == .draining { tellToStop(id) }
            if nodes[id].isActive { setOverdue(id) }
        }
    }

    mutating func finishIfStopped() {
        guard status == .stopping, activeCount == 0 else { return }
        status = .stopped
        left = nodes.indices.filter { nodes[$0].phase == .stopping }.map { nodes[$0].name }
        deadlines = Deadlines()
        actions.append(.finish(left: left))
    }

    private mutating func armShutdown(within limit: Duration) {
        lastTicket += 1
        shutdownTicket = lastTicket
        insertDeadline(Deadlines.Entry(time: now + limit, ticket: lastTicket, node: -1))
    }

    private mutating func request(_ name: String, at time: Duration) throws(EngineError) -> Int {
        now = max(now, time)
        let id = try index(of: name)
        guard status == .started else { throw .stopping }
        return id
    }

    private mutating func letStart(_ id: Int) {
        nodes[id].rest = nil
        nodes[id].failures = 0
        release(id)
        if nodes[id].phase != .idle, case .waiting = nodes[id].phase { enter(.idle, id, tells: false) }
        settle(id)
        if nodes[id].phase == .idle { tell(id) }
    }
}
