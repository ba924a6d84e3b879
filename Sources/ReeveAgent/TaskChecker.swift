package import JSON
import ReeveLaunch
package import ReeveProtocol
package import ReeveScheduler
import ReeveStore

/// A task that is to be put, with what is to be said of it.
package struct CheckedTask: Sendable {
    package let task: TaskDefinition
    /// What can never be right.
    package var problems: [InvalidValue]
    /// Why it is never due (again), where its times are over. What is there already may say so: it has run.
    package var expired: InvalidValue?
    /// What is not there now, and may come with a mount or a package; and what is probably not meant.
    package var warnings: [String] = []
    package var next: [Timestamp] = []
    package var schedule: Schedule?
}

/// What is right in a task on this host, by its configuration.
package struct TaskRules: Sendable {
    /// Below which attachments may be put.
    package var attachmentFolders: [String]
    /// Of tasks that do not say theirs.
    package var runner: RunnerKind
    /// systemd is there to run what is to be a unit.
    package var hasUnits: Bool

    package init(_ configuration: Configuration, hasUnits: Bool) {
        attachmentFolders = configuration.attachmentFolders
        runner = configuration.runnerKind
        self.hasUnits = hasUnits
    }
}

/// Says of a task what can never be right, what is not right at present, and when it would be due.
package struct TaskChecker: Sendable {
    var time: HostTime
    var commands: CommandChecker
    var rules: TaskRules

    package init(time: HostTime, commands: CommandChecker, rules: TaskRules) {
        self.time = time
        self.commands = commands
        self.rules = rules
    }

    private var attachments: AttachmentPlacer { AttachmentPlacer(folders: rules.attachmentFolders) }

    /// - Parameter count: how many due times to look ahead.
    package func check(_ task: TaskDefinition, now: Timestamp, count: Int = 5) -> CheckedTask {
        let runnerProblems = task.runner == nil ? task.problems(withRunner: rules.runner) : []
        var checked = CheckedTask(task: task, problems: task.problems() + runnerProblems)
        if let definition = task.schedule {
            do {
                let schedule = try time.schedule(definition, task: task.id)
                checked.schedule = schedule
                checked.next = definition.kind == .once ? [now] : slots(of: schedule, after: now, count: count)
                checked.expired = schedule.problem(now: now)?.below("/schedule")
                checked.warnings += schedule.explanation.warnings.map { "the schedule \($0)" }
            } catch {
                checked.problems.append(error.below("/schedule"))
            }
        }
        if checked.problems.isEmpty { checked.problems += attachments.problems(task.attachments ?? []) }
        if checked.problems.isEmpty {
            let isUnit = (task.runner ?? rules.runner) == .systemd
            checked.warnings += attachments.warnings(task.attachments ?? [])
            if isUnit, !rules.hasUnits {
                checked.warnings.append("its steps cannot start: systemd does not run on this host")
            }
            checked.warnings += task.effectiveSteps.flatMap { step in
                commands.warnings(step.commandDefinition, asUnit: isUnit).map { "step \(step.name): \($0)" }
            }
        }
        return checked
    }

    func slots(of schedule: Schedule, after: Timestamp, count: Int) -> [Timestamp] {
        var slots: [Timestamp] = []
        var last = after
        while slots.count < min(count, schedule.maxRuns ?? count), let slot = schedule.next(after: last, anchor: after)
        {
            slots.append(slot)
            last = slot
        }
        return slots
    }
}

extension [CheckedTask] {
    /// What can never be right in them, and ids that stand there twice.
    /// - Parameters:
    ///   - what: What they stand in: a "list", a "file".
    ///   - pointer: Where each stands there.
    func problems(in what: String, at pointer: (Int) -> String) -> [InvalidValue] {
        var ids: Set<String> = []
        return enumerated().flatMap { index, checked -> [InvalidValue] in
            let id = checked.task.id
            let again = ids.insert(id).inserted ? [] : [InvalidValue.again(id, "task", what, "/id")]
            return (checked.problems + again).map { $0.below(pointer(index)) }
        }
    }
}

extension InvalidValue {
    /// A name that something before it has.
    static func again(_ name: String, _ kind: String, _ what: String, _ path: String) -> InvalidValue {
        InvalidValue(path: path, reason: "\"\(name)\" is an earlier \(kind)'s in this \(what)")
    }
}

extension Transaction {
    /// Puts a task in which nothing was found that can never be right.
    ///
    /// Throws the `InvalidValue` of one whose times are over, unless it is there already as it is.
    func put(
        _ checked: CheckedTask,
        source: String,
        by: String,
        ifRevision: Int? = nil,
        set: String? = nil
    ) throws -> TaskPut {
        let put = try putTask(checked.task, source: source, by: by, ifRevision: ifRevision, set: set)
        if put.changed, let expired = checked.expired { throw expired }
        return put
    }
}
