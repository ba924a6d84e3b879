package import JSON

/// Parameters of `task.put`.
package struct TaskPutParameters: Sendable, Decodable {
    package var task: TaskDefinition
    /// The put is refused unless this is the current revision; 0: unless there is no such task.
    package var ifRevision: Int?

    package enum CodingKeys: String, CodingKey, CaseIterable {
        case task, ifRevision
    }
}

/// Parameters of `task.apply`.
package struct TaskApplyParameters: Sendable, Decodable {
    package var tasks: [TaskDefinition]
    /// What they belong together by, `[A-Za-z0-9._-]{1,64}`.
    package var set: String?
    /// Removes what was applied with the set before and is not among them.
    package var prune: Bool?
    /// Says what would change, and changes nothing.
    package var dryRun: Bool?

    package enum CodingKeys: String, CodingKey, CaseIterable {
        case tasks, set, prune, dryRun
    }
}

/// Parameters of `task.check`: the definition may be one that does not decode.
package struct TaskCheckParameters: Sendable, Decodable {
    package var task: JSON

    package enum CodingKeys: String, CodingKey, CaseIterable {
        case task
    }
}

/// Parameters of methods that concern one task.
package struct TaskReference: Sendable, Decodable {
    package var task: String
    package var timeZone: String?

    package enum CodingKeys: String, CodingKey, CaseIterable {
        case task, timeZone
    }
}

/// Parameters of `task.run`.
package struct TaskRunParameters: Sendable, Decodable {
    package var task: String
    /// The run's id, if the caller chooses it: asking again with it answers the same run.
    package var run: String?
    package var command: [String]?
    package var environment: [String: ConfiguredValue]?
    package var input: String?
    /// What the task declares, over its defaults.
    package var parameters: [String: String]?

    package enum CodingKeys: String, CodingKey, CaseIterable {
        case task, run, command, environment, input, parameters
    }
}

/// Parameters of `task.pause` and `task.resume`: exactly one of what to pause.
package struct TaskPauseParameters: Sendable, Decodable {
    package var task: String?
    package var labels: [String: String]?
    package var all: Bool?
    package var group: String?
    /// Resumes by itself after this.
    package var `for`: Interval?
    package var reason: String?

    package enum CodingKeys: String, CodingKey, CaseIterable {
        case task, labels, all, group, `for`, reason
    }
}

/// Parameters of `task.list`.
package struct TaskListParameters: Sendable, Decodable {
    package var limit: Int?
    /// `next` of the answer before.
    package var after: String?
    package var labels: [String: String]?
    /// Also the hidden tasks of `reeve run`.
    package var all: Bool?
    package var timeZone: String?

    package enum CodingKeys: String, CodingKey, CaseIterable {
        case limit, after, labels, all, timeZone
    }
}

/// Parameters of `schedule.preview`.
package struct SchedulePreviewParameters: Sendable, Decodable {
    package var schedule: ScheduleDefinition
    package var after: Timestamp?
    package var count: Int?
    package var timeZone: String?
    /// For which task `H` is read.
    package var task: String?

    package enum CodingKeys: String, CodingKey, CaseIterable {
        case schedule, after, count, timeZone, task
    }
}
