extension EngineMachine {
    /// The picture at this moment, without the workers' own reports.
    ///
    /// - Parameter wallTime: The same moment in milliseconds since 1970.
    package func report(at time: Duration, wallTime: Int64) -> EngineReport {
        let now = max(now, time)
        let ids = nodes.indices.sorted { nodes[$0].order < nodes[$1].order }
        return EngineReport(
            state: status,
            error: fatal,
            manifolds: ids.map { report(nodes[$0], Moment(time: now, wallTime: wallTime)) }
        )
    }

    /// Whether it is installed and started.
    func isStarted(_ name: String) -> Bool {
        names[name].map { nodes[$0].phase == .running } ?? false
    }

    /// Whether nothing of it runs, or is about to stop.
    func isStopped(_ name: String) -> Bool {
        names[name].map { nodes[$0].state == .stopped || nodes[$0].state == .failed } ?? true
    }

    /// It was told to stop and has not in time.
    func isOverdue(_ name: String) -> Bool {
        names[name].map { nodes[$0].isOverdue } ?? false
    }

    /// Somebody offers or wants this resource.
    func knows(_ resource: String) -> Bool {
        resourceNames[resource] != nil
    }

    /// The attempts whose worker runs.
    package var running: [Attempt] {
        nodes.indices.filter { nodes[$0].phase == .running || nodes[$0].phase == .draining }.map { current($0) }
    }

    private struct Moment {
        let time: Duration
        let wallTime: Int64

        func wall(_ other: Duration) -> Int64 {
            wallTime + (other - time).inMilliseconds
        }
    }

    private func report(_ node: Node, _ moment: Moment) -> ManifoldReport {
        var due: Duration?
        if case .waiting(let until) = node.phase { due = until }
        return ManifoldReport(
            name: node.name,
            state: node.state,
            inputs: inputs(node),
            starts: node.starts,
            failures: node.failures,
            error: node.lastFailure?.message,
            errorTime: node.lastFailure.map { moment.wall($0.time) },
            startedTime: node.phase == .running ? moment.wall(node.since) : nil,
            nextTry: due.map(moment.wall),
            retryIn: due.map { max(.zero, $0 - moment.time) },
            waitingFor: waitingFor(node),
            rest: node.rest,
            isOverdue: node.isOverdue
        )
    }

    private func inputs(_ node: Node) -> [ManifoldReport.InputReport] {
        zip(node.inputs, node.declaration.inputs).map { id, input in
            let resource = resources[id]
            return ManifoldReport.InputReport(
                resource: resource.name,
                kind: input.kind,
                manifold: resource.provider.map { nodes[$0].name },
                isPresent: resource.isPresent
            )
        }
    }

    private func waitingFor(_ node: Node) -> [String] {
        switch node.phase {
        case .idle where status == .started && node.rest == nil:
            zip(node.inputs, node.declaration.inputs)
                .filter { $1.kind == .required && !resources[$0].isPresent }
                .map { $1.resource.name }
        case .draining:
            users(of: node)
        case .idle, .waiting, .starting, .running, .stopping:
            []
        }
    }

    /// Who has to end before it is told to stop.
    private func users(of node: Node) -> [String] {
        let users = node.outputs.flatMap { output in
            sortedDependents(of: output).map(\.key).filter { dependent in
                status == .started
                    ? nodes[dependent].boundInputs.contains(output) : nodes[dependent].isActive
            }
        }
        return Set(users).sorted().map { nodes[$0].name }
    }
}
