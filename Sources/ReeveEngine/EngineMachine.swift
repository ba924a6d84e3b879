/// The engine's rules: what happens comes in, what is to be done comes out. It holds no worker, task or clock.
///
/// Each event takes the present time, counted from any start; afterwards ``takeActions()`` answers what to do, in order.
/// `nextDeadline` says when ``timePassed(at:)`` is to be called.
package struct EngineMachine: Sendable {
    /// A consequence that is yet to be drawn. They are drawn in order from a list, so that a long chain of dependents
    /// needs no deep stack.
    enum Consequence: Sendable {
        case inputCame(node: Int, Input.Kind)
        case inputWent(node: Int, Input.Kind, ordered: Bool)
        case userEnded(node: Int)
    }

    let configuration: EngineConfiguration
    var generator: SplitMix64

    var nodes = Slots<Node>()
    var names: [String: Int] = [:]
    var resources = Slots<ResourceNode>()
    var resourceNames: [String: Int] = [:]

    var now = Duration.zero
    var deadlines = Deadlines()
    var consequences: [Consequence] = []
    var actions: [EngineAction] = []

    var lastAttempt: UInt64 = 0
    var lastTicket: UInt64 = 0
    var lastOrder: UInt64 = 0
    var activeCount = 0

    var status = EngineStatus.started
    var fatal: String?
    /// What had not stopped when the engine ended.
    var left: [String] = []
    var shutdownTicket: UInt64 = 0

    /// - Parameter seed: Of the jitter.
    package init(configuration: EngineConfiguration, seed: UInt64) throws(EngineError) {
        try configuration.validate()
        self.configuration = configuration
        generator = SplitMix64(seed: seed)
    }

    /// When time matters next; `nil` when it does not.
    package var nextDeadline: Duration? { deadlines.first?.time }

    /// What is to be done since the last call. To be called after each event.
    package mutating func takeActions() -> [EngineAction] {
        dropStaleDeadlines()
        defer { actions = [] }
        return actions
    }

    // MARK: What happens

    /// The start returned a worker. Answers whether it is wanted; if not, it is to be stopped, and its end told.
    package mutating func started(_ attempt: Attempt, at time: Duration) -> Bool {
        now = max(now, time)
        let id = attempt.node
        guard isCurrent(attempt), nodes[id].phase == .starting else { return false }
        nodes[id].starts += 1
        enter(.running, id)
        actions.append(.present(attempt))
        for resource in nodes[id].outputs {
            resources[resource].isPresent = true
            for (dependent, kind) in sortedDependents(of: resource) {
                if kind == .required { nodes[dependent].absentInputs -= 1 }
                consequences.append(.inputCame(node: dependent, kind))
            }
        }
        drawConsequences()
        return true
    }

    /// The attempt is over: its start failed, or its worker ended.
    package mutating func ended(_ attempt: Attempt, _ outcome: Outcome, at time: Duration) {
        now = max(now, time)
        let id = attempt.node
        guard isCurrent(attempt) else { return }
        let wasTold = nodes[id].phase == .stopping || nodes[id].phase == .draining
        let ran = nodes[id].phase == .running ? now - nodes[id].since : nil
        let wasRunning = ran != nil
        leave(id)
        if wasRunning { withdraw(id, ordered: false) }
        conclude(id, outcome, wasTold: wasTold, ran: ran)
        drawConsequences()
    }

    /// Some time is over.
    package mutating func timePassed(at time: Duration) {
        now = max(now, time)
        while let entry = deadlines.first, entry.time <= now {
            deadlines.removeFirst()
            guard isWanted(entry) else { continue }
            if entry.ticket == shutdownTicket {
                giveUpStopping()
            } else {
                nodes[entry.node].ticket = 0
                deadlinePassed(entry.node)
            }
            drawConsequences()
        }
    }

    private mutating func deadlinePassed(_ id: Int) {
        switch nodes[id].phase {
        case .waiting:
            begin(id)
        case .starting:
            // Since the limit may have been changed meanwhile.
            let limit = (now - nodes[id].since).inMilliseconds
            let message = "its start took longer than \(limit) ms and was cancelled"
            nodes[id].startFailure = message
            nodes[id].lastFailure = Node.Failure(message: message, time: now)
            halt(id, ordered: false)
        case .stopping:
            setOverdue(id)
        case .idle, .running, .draining:
            break
        }
    }

    // MARK: Inputs

    mutating func drawConsequences() {
        var index = 0
        while index < consequences.count {
            switch consequences[index] {
            case .inputCame(let node, let kind): inputChanged(node, kind, isPresent: true, ordered: true)
            case .inputWent(let node, let kind, let ordered):
                inputChanged(node, kind, isPresent: false, ordered: ordered)
            case .userEnded(let node): if nodes.contains(node) { releaseIfUnused(node) }
            }
            index += 1
        }
        consequences = []
        finishIfStopped()
    }

    private mutating func inputChanged(_ id: Int, _ kind: Input.Kind, isPresent: Bool, ordered: Bool) {
        guard nodes.contains(id) else { return }
        guard kind.binds else { return looseInputChanged(id, isPresent: isPresent) }
        guard status == .started else {
            if !isPresent { halt(id, ordered: ordered) }
            return
        }
        release(id)
        guard kind != .required else {
            if isPresent { return settle(id) }
            // It failed, most likely of the same thing: it heard of its input's end before the engine did.
            if case .waiting = nodes[id].phase { nodes[id].failures = 0 }
            return halt(id, ordered: ordered)
        }
        switch nodes[id].phase {
        case .idle, .waiting:
            if mayStart(id) { wait(id, configuration.bounceDelay) }
        case .starting, .running:
            nodes[id].bounces = true
            halt(id, ordered: ordered)
        case .draining, .stopping:
            nodes[id].bounces = true
        }
    }

    /// An input came or went that does not bounce: only who rests for want of something hears of it.
    private mutating func looseInputChanged(_ id: Int, isPresent: Bool) {
        guard isPresent, nodes[id].rest == .missing else { return }
        release(id)
        if nodes[id].phase == .idle, mayStart(id) { wait(id, configuration.bounceDelay) }
    }

    /// An input changed or a person said so: what rested or was given up may try again.
    mutating func release(_ id: Int) {
        guard nodes[id].rest != .stoppedByHand else { return }
        if nodes[id].rest == .failed { nodes[id].failures = 0 }
        nodes[id].rest = nil
        nodes[id].failureTimes = []
    }
}
