package import JSON
package import ReeveProtocol
package import ReeveScheduler

/// Says of a task what can never be right, what is not right at present, and when it would be due.
package struct TaskChecker: Sendable {
    package struct Report: Sendable {
        package var problems: [InvalidValue]
        /// What is not there now, and may come with a mount or a package.
        package var warnings: [String]
        package var next: [Timestamp]
        package var schedule: Schedule?
    }

    var time: HostTime
    var commands: CommandChecker

    /// - Parameter count: how many due times to look ahead.
    package func check(_ task: TaskDefinition, now: Timestamp, count: Int = 5) -> Report {
        var report = Report(problems: task.problems(), warnings: [], next: [], schedule: nil)
        if let definition = task.schedule {
            do {
                let schedule = try time.schedule(definition, task: task.id)
                report.schedule = schedule
                report.next = definition.kind == .once ? [now] : slots(of: schedule, after: now, count: count)
                if let problem = schedule.problem(now: now) { report.problems.append(problem.below("/schedule")) }
                report.warnings += schedule.explanation.warnings.map { "the schedule \($0)" }
            } catch {
                report.problems.append(error.below("/schedule"))
            }
        }
        if report.problems.isEmpty {
            report.warnings += task.effectiveSteps.flatMap { step in
                commands.warnings(step.commandDefinition).map { "step \(step.name): \($0)" }
            }
        }
        return report
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
