import JSON

/// A state of another step of the same run that a step waits for. A text is a step's name.
package struct StepRequirement: Sendable, Hashable {
    package var step: String
    /// Absent: `succeeded`.
    package var condition: RequirementCondition?

    package init(_ step: String, _ condition: RequirementCondition? = nil) {
        self.step = step
        self.condition = condition
    }

    package var effectiveCondition: RequirementCondition { condition ?? .succeeded }
}

extension StepRequirement: Codable {
    package enum CodingKeys: String, CodingKey, CaseIterable { case step, condition }

    package init(from decoder: any Decoder) throws {
        if let name = try? decoder.singleValueContainer().decode(String.self) {
            self.init(name)
            return
        }
        let container = try decoder.container(keyedBy: CodingKeys.self)
        self.init(
            try container.decode(String.self, forKey: .step),
            try container.decodeIfPresent(RequirementCondition.self, forKey: .condition)
        )
    }

    package func encode(to encoder: any Encoder) throws {
        guard let condition else {
            var container = encoder.singleValueContainer()
            return try container.encode(step)
        }
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(step, forKey: .step)
        try container.encode(condition, forKey: .condition)
    }
}

extension StepRequirement: CustomStringConvertible {
    /// `step dump to be ready`, for people.
    package var description: String {
        switch effectiveCondition {
        case .started: "step \(step) to have started"
        case .ready, .healthy: "step \(step) to be \(effectiveCondition.rawValue)"
        case .exited: "step \(step) to have exited"
        case .succeeded: "step \(step) to have succeeded"
        }
    }
}

/// The steps of a task with what they require of each other.
struct StepGraph {
    private let steps: [StepDefinition]
    private let places: [String: Int]

    init(_ steps: [StepDefinition]) {
        self.steps = steps
        places = Dictionary(steps.enumerated().map { ($1.name, $0) }, uniquingKeysWith: { first, _ in first })
    }

    /// What can never be met; paths are those of a task.
    func problems() -> [InvalidValue] {
        let problems = steps.indices.flatMap(problems)
        return problems.isEmpty ? circle().map { [$0] } ?? [] : problems
    }

    private func problems(of index: Int) -> [InvalidValue] {
        (steps[index].requires ?? []).enumerated().compactMap { place, requirement in
            let path = "/steps/\(index)/requires/\(place)"
            guard requirement.step != steps[index].name else {
                return InvalidValue(path: path, reason: "is the step itself", expected: "another step")
            }
            guard let required = places[requirement.step] else {
                let names = steps.map(\.name)
                return InvalidValue(
                    path: path,
                    reason: "there is no step \"\(requirement.step)\"",
                    expected: "one of \(names.joined(separator: ", "))",
                    hint: nearest(requirement.step, among: names).map { "did you mean \"\($0)\"?" }
                )
            }
            // Its end is that of the run (as with containers that are essential: seeds/submitter A2.6).
            let isEnd = requirement.effectiveCondition == .exited || requirement.effectiveCondition == .succeeded
            guard isEnd, steps[required].essential == true else { return nil }
            return InvalidValue(
                path: path,
                reason:
                    "step \"\(requirement.step)\" is essential: the run ends when it does, so nothing can follow it",
                hint: "leave essential out of that step"
            )
        }
    }

    /// The first circle of steps that wait for one another.
    private func circle() -> InvalidValue? {
        var done: Set<Int> = []
        for start in steps.indices where !done.contains(start) {
            var path: [Int] = []
            if let circle = visit(start, &path, &done) {
                let names = (circle + circle.prefix(1)).map { steps[$0].name }
                return InvalidValue(
                    path: "/steps/\(circle[0])/requires",
                    reason: "waits for itself: \(names.joined(separator: " requires "))"
                )
            }
        }
        return nil
    }

    /// Depth is bounded by ``TaskDefinition/mostSteps``.
    private func visit(_ step: Int, _ path: inout [Int], _ done: inout Set<Int>) -> [Int]? {
        if let first = path.firstIndex(of: step) { return Array(path[first...]) }
        guard !done.contains(step) else { return nil }
        path.append(step)
        for requirement in steps[step].requires ?? [] {
            guard let next = places[requirement.step] else { continue }
            if let circle = visit(next, &path, &done) { return circle }
        }
        path.removeLast()
        done.insert(step)
        return nil
    }
}
