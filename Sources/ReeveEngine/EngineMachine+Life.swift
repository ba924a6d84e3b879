// From idle to running and back: every change of a node's phase is made here.
extension EngineMachine {
    func mayStart(_ id: Int) -> Bool {
        status == .started && nodes[id].rest == nil && nodes[id].absentInputs == 0 && !nodes[id].isRemoved
    }

    /// Starts what is idle and may start.
    mutating func settle(_ id: Int) {
        guard nodes[id].phase == .idle, mayStart(id) else { return }
        begin(id)
    }

    mutating func wait(_ id: Int, _ delay: Duration, failed: Bool = false) {
        guard delay > .zero else {
            if failed { tell(id, failed: true) }
            return begin(id)
        }
        enter(.waiting(until: now + delay), id, tells: false)
        arm(id, at: now + delay)
        tell(id, failed: failed)
    }

    mutating func begin(_ id: Int) {
        lastAttempt += 1
        nodes[id].attempt = lastAttempt
        enter(.starting, id)
        actions.append(.start(current(id)))
        if let limit = startLimit(id) { arm(id, at: now + limit) }
    }

    /// To be stopped. In order: those who use it first; else at once.
    mutating func halt(_ id: Int, ordered: Bool) {
        switch nodes[id].phase {
        case .idle, .stopping:
            break
        case .waiting:
            enter(.idle, id)
        case .starting:
            tellToStop(id)
        case .running:
            enter(.draining, id)
            withdraw(id, ordered: ordered)
            if ordered { consequences.append(.userEnded(node: id)) } else { tellToStop(id) }
        case .draining:
            if !ordered { tellToStop(id) }
        }
    }

    mutating func releaseIfUnused(_ id: Int) {
        guard nodes[id].phase == .draining, !isUsed(id) else { return }
        tellToStop(id)
    }

    mutating func tellToStop(_ id: Int) {
        enter(.stopping, id)
        actions.append(.stop(current(id)))
        arm(id, at: now + (nodes[id].declaration.limits.stop ?? configuration.stopLimit))
    }

    /// It does not stop. What it uses need not wait for it, but it is not started again before it has ended.
    mutating func setOverdue(_ id: Int) {
        guard !nodes[id].isOverdue else { return }
        let wasActive = nodes[id].isActive
        nodes[id].isOverdue = true
        countUse(id, wasActive: wasActive)
        actions.append(.cancel(current(id)))
        tell(id)
    }

    /// What it offers is away from now on.
    mutating func withdraw(_ id: Int, ordered: Bool) {
        let outputs = nodes[id].outputs
        guard !outputs.isEmpty else { return }
        actions.append(.absent(outputs.map { resources[$0].name }))
        for resource in outputs {
            resources[resource].isPresent = false
            for (dependent, kind) in sortedDependents(of: resource) {
                if kind == .required { nodes[dependent].absentInputs += 1 }
                consequences.append(.inputWent(node: dependent, kind, ordered: ordered))
            }
        }
    }

    /// Nothing of it runs any more.
    mutating func leave(_ id: Int) {
        enter(.idle, id, tells: false)
        nodes[id].attempt = 0
    }

    mutating func enter(_ phase: Node.Phase, _ id: Int, tells: Bool = true) {
        let before = nodes[id].state
        let wasActive = nodes[id].isActive
        nodes[id].phase = phase
        nodes[id].since = now
        nodes[id].ticket = 0
        if phase == .idle { nodes[id].isOverdue = false }
        countUse(id, wasActive: wasActive)
        if tells, nodes[id].state != before { tell(id) }
    }

    func current(_ id: Int) -> Attempt {
        Attempt(manifold: nodes[id].name, number: nodes[id].attempt, node: id)
    }

    func isCurrent(_ attempt: Attempt) -> Bool {
        nodes.contains(attempt.node) && nodes[attempt.node].attempt == attempt.number && attempt.number != 0
    }

    /// The start of this attempt has not been overtaken by a stop.
    package func isWanted(_ attempt: Attempt) -> Bool {
        isCurrent(attempt) && nodes[attempt.node].phase == .starting
    }

    func startLimit(_ id: Int) -> Duration? {
        nodes[id].declaration.limits.start ?? configuration.startLimit
    }

    mutating func tell(_ id: Int, failed: Bool = false) {
        let node = nodes[id]
        var retryIn: Duration?
        if case .waiting(let until) = node.phase { retryIn = until - now }
        let transition = Transition(
            manifold: node.name,
            state: node.state,
            reason: reason(node, failed: failed),
            failures: failed ? node.failures : 0,
            retryIn: retryIn,
            rest: node.rest
        )
        actions.append(.tell(transition))
    }

    private func reason(_ node: Node, failed: Bool) -> String? {
        if failed || node.rest == .missing || node.rest == .failed { return node.lastFailure?.message }
        if node.isOverdue { return "it has not stopped in time" }
        if node.rest == .completed { return "it has completed" }
        if node.rest == .stoppedByHand { return "it was stopped by hand" }
        return nil
    }

    // MARK: Who uses whom

    /// Whether somebody active has to end before this may: while the engine stops everybody who has it as an input, else
    /// those whom its absence stops.
    private func isUsed(_ id: Int) -> Bool {
        nodes[id].outputs.contains { output in
            status == .started ? resources[output].activeBound > 0 : resources[output].active > 0
        }
    }

    private mutating func countUse(_ id: Int, wasActive: Bool) {
        let isActive = nodes[id].isActive
        guard isActive != wasActive else { return }
        if isActive { beginUse(id) } else { endUse(id) }
    }

    private mutating func beginUse(_ id: Int) {
        activeCount += 1
        for (resource, input) in zip(nodes[id].inputs, nodes[id].declaration.inputs) {
            resources[resource].active += 1
            guard input.kind.binds, resources[resource].isPresent else { continue }
            resources[resource].activeBound += 1
            nodes[id].boundInputs.append(resource)
        }
    }

    private mutating func endUse(_ id: Int) {
        activeCount -= 1
        for resource in nodes[id].boundInputs { resources[resource].activeBound -= 1 }
        nodes[id].boundInputs = []
        for resource in nodes[id].inputs {
            resources[resource].active -= 1
            if let provider = resources[resource].provider { consequences.append(.userEnded(node: provider)) }
        }
    }

    /// In the order of their slots, so that the same events always give the same actions.
    func sortedDependents(of resource: Int) -> [(key: Int, value: Input.Kind)] {
        resources[resource].dependents.sorted { $0.key < $1.key }
    }

    // MARK: Deadlines

    private mutating func arm(_ id: Int, at time: Duration) {
        lastTicket += 1
        nodes[id].ticket = lastTicket
        insertDeadline(Deadlines.Entry(time: time, ticket: lastTicket, node: id))
    }

    mutating func insertDeadline(_ entry: Deadlines.Entry) {
        deadlines.insert(entry)
        guard deadlines.count > 2 * names.count + 64 else { return }
        let machine = self
        deadlines.keep(machine.isWanted)
    }

    func isWanted(_ entry: Deadlines.Entry) -> Bool {
        entry.ticket == shutdownTicket || (nodes.contains(entry.node) && nodes[entry.node].ticket == entry.ticket)
    }

    /// Nobody is to be woken for a deadline that was kept.
    mutating func dropStaleDeadlines() {
        while let entry = deadlines.first, !isWanted(entry) { deadlines.removeFirst() }
    }
}
