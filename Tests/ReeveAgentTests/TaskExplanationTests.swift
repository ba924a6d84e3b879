import JSON
import ReeveProtocol
import ReeveScheduler
import Testing

@testable import ReeveAgent
@testable import ReeveStore

/// What is said of a task, without a store.
struct TaskExplanationTests {
    private typealias Fixture = ExplanationFixture

    /// A task, what else is known, and what follows.
    struct Row: Sendable, CustomTestStringConvertible {
        var title: String
        var task: StoredTask
        var change: @Sendable (inout TaskExplanation) -> Void = { _ in }
        var standing: TaskStanding
        var reasons: [String]

        var testDescription: String { title }
    }

    private static let now = Fixture.now
    private static let due = "backup is due in 2h30m, at 2026-11-21 06:30 +01:00 (Europe/Berlin)"
    private static let pause = Pause(
        by: "uid:7",
        at: now - .hours(1),
        until: now + .hours(3),
        reason: "the disk is changed"
    )

    static let rows: [Row] = [
        Row(title: "due by time", task: Fixture.task(), standing: .scheduled, reasons: [due]),
        Row(
            title: "due, put off by jitter",
            task: Fixture.task { $0.nextFire = now + .seconds(9133) },
            standing: .scheduled,
            reasons: [
                "backup is due in 2h32m, at 2026-11-21 06:32:13 +01:00: 2m13s of jitter after 2026-11-21 06:30 +01:00 (Europe/Berlin)"
            ]
        ),
        Row(
            title: "due by a rate: no zone matters",
            task: Fixture.task(ScheduleDefinition(.rate(.minutes(15))), next: now + .seconds(90)),
            standing: .scheduled,
            reasons: ["backup is due in 1m30s, at 2026-11-21 03:01:30 UTC"]
        ),
        Row(
            title: "due when the clocks go forward",
            task: Fixture.task(
                ScheduleDefinition(.cron("30 2 * * *"), timeZone: "Europe/Berlin"),
                next: Timestamp("2027-03-28T01:00:00Z")
            ),
            standing: .scheduled,
            reasons: [
                "backup is due in 126d, at 2027-03-28 03:00 +02:00 (Europe/Berlin): the clocks go forward past its time; it is due at the first moment after"
            ]
        ),
        Row(
            title: "due and not decided yet",
            task: Fixture.task(next: now),
            standing: .scheduled,
            reasons: ["backup is due now, at 2026-11-21 04:00 +01:00 (Europe/Berlin)"]
        ),
        Row(
            title: "just put",
            task: Fixture.task(next: nil) { $0.plannedRevision = nil },
            standing: .scheduled,
            reasons: ["when backup is due is being worked out"]
        ),
        Row(
            title: "without a schedule",
            task: Fixture.task(nil, next: nil),
            standing: .byHand,
            reasons: ["backup has no schedule: it runs only when it is asked to"]
        ),
        Row(
            title: "paused until after its next time",
            task: Fixture.task { $0.pause = pause },
            standing: .paused,
            reasons: [
                "backup is paused for 3h more, until 2026-11-21 06:00 UTC, by uid:7 since 2026-11-21 02:00 UTC: the disk is changed",
                due + "; it is skipped if it is paused then",
            ]
        ),
        Row(
            title: "paused until before its next time",
            task: Fixture.task { $0.pause = Pause(by: "uid:7", at: now, until: now + .hours(1)) },
            standing: .paused,
            reasons: [
                "backup is paused for 1h more, until 2026-11-21 04:00 UTC, by uid:7 since 2026-11-21 03:00 UTC",
                due + ", when the pause is over",
            ]
        ),
        Row(
            title: "paused for ever",
            task: Fixture.task { $0.pause = Pause(by: "uid:7", at: now) },
            standing: .paused,
            reasons: [
                "backup is paused until it is resumed, by uid:7 since 2026-11-21 03:00 UTC",
                due + "; it is skipped if it is paused then",
            ]
        ),
        Row(
            title: "due at each boot",
            task: Fixture.task(ScheduleDefinition(.everyBoot), next: nil),
            standing: .boot,
            reasons: ["backup is due at each start of the host"]
        ),
        Row(
            title: "due at the next boot",
            task: Fixture.task(ScheduleDefinition(.nextBoot), next: nil),
            standing: .boot,
            reasons: ["backup is due at the next start of the host"]
        ),
        Row(
            title: "done: no time any more",
            task: Fixture.task(next: nil) {
                $0.completed = true
                $0.watermark = now - .hours(2)
            },
            standing: .completed,
            reasons: ["backup is done: its schedule has no time any more; its last was 2026-11-21 01:00 UTC (2h ago)"]
        ),
        Row(
            title: "done: once",
            task: Fixture.task(ScheduleDefinition(.at("2026-11-21T01:00:00Z")), next: nil) {
                $0.completed = true
                $0.watermark = now - .hours(2)
            },
            standing: .completed,
            reasons: ["backup is done: it was due once, at 2026-11-21 01:00 UTC (2h ago)"]
        ),
        Row(
            title: "done: the next boot has been",
            task: Fixture.task(ScheduleDefinition(.nextBoot), next: nil) { $0.completed = true },
            standing: .completed,
            reasons: ["backup is done: it was due at one start of the host, which has been"]
        ),
        Row(
            title: "done: its runs are used up",
            task: Fixture.task(limited(to: 3), next: nil) {
                $0.completed = true
                $0.scheduledRuns = 3
            },
            standing: .completed,
            reasons: ["backup is done: it has made the 3 runs that its maxRuns allows"]
        ),
        Row(
            title: "its zone is gone",
            task: Fixture.task(next: nil),
            change: {
                $0.reading = .failure(InvalidValue(path: "/timeZone", reason: "there is no such zone"))
            },
            standing: .unreadable,
            reasons: [
                "the schedule of backup cannot be read any more: /schedule/timeZone: there is no such zone; it waits for another definition, or for other zone files"
            ]
        ),
        Row(
            title: "the clock is not set",
            task: Fixture.task(),
            change: { $0.scheduler = .clockNotSet },
            standing: .clockNotSet,
            reasons: ["nothing is due by time until the clock is set: it shows 2026-11-21 03:00 UTC", due]
        ),
        Row(
            title: "the scheduler is away",
            task: Fixture.task(),
            change: { $0.scheduler = .away },
            standing: .schedulerAway,
            reasons: [
                "the part of the agent that decides what is due restarts; what is due meanwhile is found late", due,
            ]
        ),
        Row(
            title: "running, and due again",
            task: Fixture.task(),
            change: { $0.live = [Fixture.explanation(Fixture.run(3, .running))] },
            standing: .running,
            reasons: ["backup/3 has run for 9m, since 2026-11-21 02:51 UTC", due]
        ),
        Row(
            title: "waiting",
            task: Fixture.task(nil, next: nil),
            change: {
                let waits = RunWaits(unmet: [RequirementDefinition(.service("db"))], causes: ["there is no service db"])
                $0.live = [Fixture.explanation(Fixture.run(3), waits: waits)]
            },
            standing: .waiting,
            reasons: [
                "backup/3 waits for db to be ready", "there is no service db",
                "backup has no schedule: it runs only when it is asked to",
            ]
        ),
        Row(
            title: "many runs wait behind one that runs",
            task: Fixture.task(nil, next: nil),
            change: {
                $0.live = (1...6).map { Fixture.explanation(Fixture.run($0, $0 == 2 ? .running : .pending)) }
            },
            standing: .running,
            reasons: [
                "backup/2 has run for 9m, since 2026-11-21 02:51 UTC", "backup/1 is about to begin",
                "backup/3 is about to begin", "3 more of its runs have not ended",
                "backup has no schedule: it runs only when it is asked to",
            ]
        ),
        Row(
            title: "removed while it ran",
            task: Fixture.task(next: nil) {
                $0.removed = true
                $0.by = "uid:7"
                $0.changedAt = now - .minutes(5)
            },
            change: { $0.live = [Fixture.explanation(Fixture.run(3, .running))] },
            standing: .removed,
            reasons: [
                "there is no task backup any more: uid:7 removed it 5m ago, at 2026-11-21 02:55 UTC",
                "backup/3 has run for 9m, since 2026-11-21 02:51 UTC",
            ]
        ),
        Row(
            title: "its last slot was skipped, and the run before it failed",
            task: Fixture.task(),
            change: {
                $0.lastSlot = Fixture.explanation(
                    never(4, .skipped, "run backup/3 (r3) was still going, for 1m by then")
                )
                $0.last = Fixture.explanation(
                    Fixture.run(3, .stopped) {
                        $0.outcome = .failed
                        $0.reason = "exited with 1"
                    }
                )
            },
            standing: .scheduled,
            reasons: [
                due,
                "what was due at 2026-11-21 03:50 +01:00 did not run: backup/4 was skipped 4m ago: run backup/3 (r3) was still going, for 1m by then",
                "backup/3 failed 4m ago after 5m: exited with 1",
            ]
        ),
        Row(
            title: "its last slots were missed, and told once",
            task: Fixture.task(),
            change: {
                var run = never(4, .missed, "nobody could start it at its time")
                run.covers = Covers(count: 2, from: now - .hours(2), to: now - .hours(1))
                $0.lastSlot = Fixture.explanation(run)
                $0.last = $0.lastSlot
            },
            standing: .scheduled,
            reasons: [
                due,
                "what was due at 2026-11-21 03:50 +01:00 did not run: backup/4 was missed 4m ago: nobody could start it at its time",
                "it stands for 2 times, from 2026-11-21 01:00 UTC to 2026-11-21 02:00 UTC",
            ]
        ),
        Row(
            title: "its last slot ran well",
            task: Fixture.task(),
            change: {
                $0.lastSlot = Fixture.explanation(Fixture.run(4, .stopped) { $0.outcome = .succeeded })
                $0.last = $0.lastSlot
            },
            standing: .scheduled,
            reasons: [due]
        ),
    ]

    private static func limited(to runs: Int) -> ScheduleDefinition {
        var schedule = Fixture.daily()
        schedule.maxRuns = runs
        return schedule
    }

    private static func never(_ number: Int, _ outcome: Outcome, _ reason: String) -> Run {
        Fixture.run(number, .stopped) {
            $0.startedAt = nil
            $0.outcome = outcome
            $0.reason = reason
        }
    }

    @Test(arguments: rows)
    func `why it does not run now is said, the first thing first`(_ row: Row) throws {
        let explanation = try Fixture.explanation(row.task, row.change)
        #expect(explanation.reasons == row.reasons)
        #expect(explanation.standing == row.standing)
        let json = try explanation.json(showing: nil)
        #expect(json["status"]?.string == row.standing.rawValue && json["summary"]?.string == row.reasons.first)
    }

    @Test func `the same is there as data, in the zone that is asked for`() throws {
        let task = Fixture.task {
            $0.pause = Self.pause
            $0.last = StoredTask.LastRun(run: "r3", number: 3, outcome: .failed)
        }
        let json = try Fixture.explanation(task).json(showing: .utc)
        #expect(json["next"] == "2026-11-21T05:30:00.000Z" && json["nextLocal"] == "2026-11-21T05:30:00Z")
        #expect(json["due"] == nil && json["running"] == [] && json["waitingFor"] == [])
        #expect(json[at: "paused", "untilLocal"] == "2026-11-21T06:00:00Z")
        #expect(json["last"] == ["run": "r3", "number": 3, "outcome": "failed"])
    }
}
