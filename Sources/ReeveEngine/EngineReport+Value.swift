extension EngineReport {
    /// The report in the shape of the contract's `engine.report`, which an engine inside another has too.
    package var value: ReportValue {
        var members: ReportMembers = ["state": .text(state.rawValue)]
        if let error { members.append("error", .text(error)) }
        members.append("manifolds", .object(ReportMembers(manifolds.map { ($0.name, $0.value) })))
        return .object(members)
    }
}

extension ManifoldReport {
    package var value: ReportValue {
        var members: ReportMembers = [
            "state": .text(state.rawValue), "inputs": .list(inputs.map(\.value)), "starts": .integer(Int64(starts)),
        ]
        func add(_ name: String, _ value: ReportValue?) {
            if let value { members.append(name, value) }
        }
        add("failures", failures > 0 ? .integer(Int64(failures)) : nil)
        add("error", error.map { .text($0) })
        add("errorAt", errorTime.map { .time($0) })
        add("startedAt", startedTime.map { .time($0) })
        add("nextTry", nextTry.map { .time($0) })
        add("waitingFor", waitingFor.isEmpty ? nil : .list(waitingFor.map { .text($0) }))
        add("rest", rest.map { .text($0.rawValue) })
        add("overdue", isOverdue ? true : nil)
        add("report", report)
        return .object(members)
    }
}

extension ManifoldReport.InputReport {
    package var value: ReportValue {
        var members: ReportMembers = [
            "name": .text(resource), "kind": .text(kind.word), "present": .boolean(isPresent),
        ]
        if let manifold, manifold != resource { members.append("manifold", .text(manifold)) }
        return .object(members)
    }
}

extension Input.Kind {
    fileprivate var word: String {
        switch self {
        case .required: "required"
        case .optional: "optional"
        case .live: "live"
        }
    }
}
