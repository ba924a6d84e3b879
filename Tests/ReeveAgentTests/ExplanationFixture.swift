import JSON
import ReeveProtocol
import ReeveScheduler
import Testing

@testable import ReeveAgent
@testable import ReeveStore

/// Tasks and runs as a table of explanations needs them. It is 2026-11-21, 03:00 in UTC.
enum ExplanationFixture {
    static let now = Timestamp(seconds: 1_795_230_000)
    private static let zones = ZoneDatabase()
    private static let berlin = "Europe/Berlin"

    static func schedule(_ definition: ScheduleDefinition) throws(InvalidValue) -> Schedule {
        let hash = TaskHash(host: "test", task: "backup")
        return try Schedule(definition, hostZone: .utc, zones: zones, hash: hash)
    }

    static func daily(_ jitter: JitterDefinition? = nil) -> ScheduleDefinition {
        ScheduleDefinition(.cron("30 6 * * *"), timeZone: berlin, jitter: jitter)
    }

    /// A task that is due at 05:30 in UTC.
    static func task(
        _ schedule: ScheduleDefinition? = daily(),
        next: Timestamp? = now + .minutes(150),
        _ change: (inout StoredTask) -> Void = { _ in }
    ) -> StoredTask {
        var definition = TaskDefinition(id: "backup", schedule: schedule, command: ["true"])
        definition.revision = 1
        let then = now - .days(1)
        var task = StoredTask(
            definition: definition,
            source: "rpc",
            by: "uid:0",
            createdAt: then,
            changedAt: then,
            anchor: then,
            pause: nil,
            removed: false,
            plannedRevision: 1,
            watermark: nil,
            nextDue: next,
            nextFire: next,
            completed: false,
            scheduledRuns: 0,
            lastNumber: 0,
            last: nil,
            bootDecided: nil
        )
        change(&task)
        return task
    }

    static func run(_ number: Int, _ status: RunStatus = .pending, _ change: (inout Run) -> Void = { _ in }) -> Run {
        let made = now - .minutes(10)
        var run = Run(
            id: "r\(number)",
            task: "backup",
            number: number,
            revision: 1,
            trigger: .schedule,
            createdAt: made
        )
        run.status = status
        run.due = made
        if status > .pending { run.startedAt = now - .minutes(9) }
        if status == .stopped { run.stoppedAt = now - .minutes(4) }
        change(&run)
        return run
    }

    static func explanation(
        _ run: Run,
        _ definition: TaskDefinition? = TaskDefinition(id: "backup", command: ["true"]),
        waits: RunWaits? = nil
    ) -> RunExplanation {
        RunExplanation(run: run, definition: definition, waits: waits, now: now, zone: .utc)
    }

    static func explanation(
        _ task: StoredTask,
        _ change: (inout TaskExplanation) -> Void = { _ in }
    ) throws -> TaskExplanation {
        var explanation = TaskExplanation(task: task, now: now, zone: .utc)
        explanation.reading = try task.definition.schedule.map { .success(try schedule($0)) }
        change(&explanation)
        return explanation
    }
}
