import JSON

/// What has to be before something starts: a state of a service, or a task's success. A text is a service's name.
package struct RequirementDefinition: Sendable, Hashable {
    package enum Subject: Sendable, Hashable {
        case service(String)
        case task(String)
    }

    package var subject: Subject
    /// Absent: `ready` of a service, `succeeded` of a task.
    package var condition: RequirementCondition?

    package init(_ subject: Subject, _ condition: RequirementCondition? = nil) {
        self.subject = subject
        self.condition = condition
    }

    package var effectiveCondition: RequirementCondition {
        switch subject {
        case .service: condition ?? .ready
        case .task: condition ?? .succeeded
        }
    }

    /// The service that is required, if it is one.
    package var service: String? {
        if case .service(let name) = subject { name } else { nil }
    }
}

/// A state that something can be required to be in.
package enum RequirementCondition: String, WireWord {
    /// Its process runs.
    case started
    /// It said so, or its readiness was seen.
    case ready
    /// Its probe succeeds; without a probe the same as ready.
    case healthy
    /// It ran and has ended by itself, however.
    case exited
    /// It ran and has ended by itself with code 0; of a task: its last run succeeded.
    case succeeded
}

extension RequirementDefinition: Codable {
    package enum CodingKeys: String, CodingKey, CaseIterable {
        case service, task, condition
    }

    package init(from decoder: any Decoder) throws {
        if let name = try? decoder.singleValueContainer().decode(String.self) {
            self.init(.service(name))
            return
        }
        let container = try decoder.container(keyedBy: CodingKeys.self)
        let service = try container.decodeIfPresent(String.self, forKey: .service)
        let task = try container.decodeIfPresent(String.self, forKey: .task)
        let condition = try container.decodeIfPresent(RequirementCondition.self, forKey: .condition)
        switch (service, task) {
        case (let name?, nil): self.init(.service(name), condition)
        case (nil, let id?): self.init(.task(id), condition)
        default:
            throw InvalidValue(
                at: decoder.codingPath,
                reason: service == nil
                    ? "names nothing that is required" : "has service and task, but only one may be given",
                expected: "a service's name, {\"service\": NAME, \"condition\": …} or {\"task\": ID}"
            )
        }
    }

    package func encode(to encoder: any Encoder) throws {
        if case .service(let name) = subject, condition == nil {
            var container = encoder.singleValueContainer()
            try container.encode(name)
            return
        }
        var container = encoder.container(keyedBy: CodingKeys.self)
        switch subject {
        case .service(let name): try container.encode(name, forKey: .service)
        case .task(let id): try container.encode(id, forKey: .task)
        }
        try container.encodeIfPresent(condition, forKey: .condition)
    }
}

extension RequirementDefinition: CustomStringConvertible {
    /// `db to be ready`, for people.
    package var description: String {
        switch (subject, effectiveCondition) {
        case (.task(let id), _): "task \(id) to have succeeded"
        case (.service(let name), .exited): "\(name) to have exited"
        case (.service(let name), .succeeded): "\(name) to have succeeded"
        case (.service(let name), let condition): "\(name) to be \(condition.rawValue)"
        }
    }
}

extension RequirementDefinition {
    func problems(at path: String) -> [InvalidValue] {
        switch subject {
        case .service(let name) where !isName(name, longest: ServiceDefinition.longestName):
            return nameProblems(name, "is not a service's name", longest: ServiceDefinition.longestName, at: path)
        case .task(let id) where !isName(id, longest: 128):
            return nameProblems(id, "is not a task id", longest: 128, at: path + "/task")
        case .task where effectiveCondition != .succeeded:
            return [
                InvalidValue(
                    path: path + "/condition",
                    reason: "\"\(effectiveCondition.rawValue)\" cannot be required of a task",
                    expected: "succeeded"
                )
            ]
        case .service, .task: return []
        }
    }
}
