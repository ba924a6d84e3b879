import JSON
import ReeveProtocol
import ReeveRunner
import ReeveScheduler
import Testing

@testable import ReeveAgent
@testable import ReeveStore

/// What is said of a run, without a store.
struct RunExplanationTests {
    private typealias Fixture = ExplanationFixture

    private func definition(_ overlap: OverlapPolicy? = nil, timeout: Interval? = nil) -> TaskDefinition {
        var task = TaskDefinition(id: "backup", command: ["true"])
        task.overlap = overlap
        task.timeout = timeout
        return task
    }

    private func waits(
        _ run: Run,
        _ definition: TaskDefinition,
        among live: [Run],
        unmet: [RequirementDefinition] = [],
        places: Int = 2,
        groups: [StoredGroup] = []
    ) -> RunWaits {
        RunWaits(
            of: run,
            definition,
            among: live,
            unmet: unmet,
            limits: RunLimits(concurrency: places, startBy: .hours(1)),
            groups: groups,
            isRunnerAway: false,
            now: Fixture.now
        )
    }

    // MARK: Before it begins

    @Test func `a run that nothing is in the way of is about to begin`() {
        let run = Fixture.run(3)
        let waits = waits(run, definition(), among: [run])
        #expect(Fixture.explanation(run, waits: waits).sentences == ["backup/3 is about to begin"])
        #expect(waits.json(showing: nil) == [])
    }

    @Test(
        arguments: [
            (.queue, "backup/3 waits for backup/2 to end, which has run for 9m (overlap: queue)"),
            (.replace, "backup/3 waits for backup/2 to end, which is stopped for it (overlap: replace)"),
            (
                .skip,
                "backup/3 is skipped if backup/2, which has run for 9m, is not over when its turn comes (overlap: skip)"
            ), (.allow, "backup/3 is about to begin"), (.allow(most: 2), "backup/3 is about to begin"),
            (
                .allow(most: 1),
                "backup/3 is skipped if backup/2, which has run for 9m, is not over when its turn comes (overlap: allow(1))"
            ),
        ] as [(OverlapPolicy, String)]
    )
    func `another run of its task is in its way by its overlap`(overlap: OverlapPolicy, sentence: String) {
        let (other, run) = (Fixture.run(2, .running), Fixture.run(3))
        let waits = waits(run, definition(overlap), among: [other, run])
        #expect(Fixture.explanation(run, definition(overlap), waits: waits).sentences == [sentence])
    }

    @Test func `with a bound on how many of its task live, those are in its way once there are so many`() {
        let run = Fixture.run(4)
        let live = [Fixture.run(1, .running), Fixture.run(2, .running), Fixture.run(3), run]
        let full = waits(run, definition(.allow(most: 2)), among: live)
        #expect(
            Fixture.explanation(run, definition(.allow(most: 2)), waits: full).summary
                == "backup/4 is skipped if 2 of the runs before it are not over when its turn comes (overlap: allow(2))"
        )
        #expect(full.others.count == 3)
        #expect(waits(run, definition(.allow(most: 4)), among: live).others.isEmpty)
    }

    @Test func `of others that wait it says that, and how many there are`() {
        let run = Fixture.run(4)
        let live = [Fixture.run(2), Fixture.run(3), run]
        let waits = waits(run, definition(.queue), among: live)
        #expect(
            Fixture.explanation(run, definition(.queue), waits: waits).summary
                == "backup/4 waits for backup/2 to end, which waits itself, for 10m, and 1 more of its task (overlap: queue)"
        )
        #expect(
            waits.json(showing: nil)[at: "0", "run"] == "r2"
                && waits.json(showing: nil)[at: "1", "what"] == "backup/3 to end"
        )
    }

    @Test func `runs of any task take the places, and those before it go first`() {
        func other(_ number: Int, _ status: RunStatus) -> Run { Fixture.run(number, status) { $0.task = "other" } }
        let run = Fixture.run(9)
        let live = [other(1, .running), other(2, .stopping), other(3, .pending), run]
        let waits = waits(run, definition(), among: live)
        #expect(
            Fixture.explanation(run, waits: waits).sentences
                == [
                    "backup/9 waits for a free place: 2 runs are going, no more than 2 may at once, and 1 waits before it"
                ]
        )
        #expect(waits.json(showing: nil) == [["what": "a free place", "places": 2, "ahead": 1]])
        let alone = self.waits(run, definition(), among: [other(1, .running), run], places: 1)
        #expect(
            Fixture.explanation(run, waits: alone).summary
                == "backup/9 waits for a free place: one run is going, no more than one may at once"
        )
    }

    @Test func `the limit of all runs that was put counts more than the configuration, and 0 says how to raise it`() {
        func everything(_ limit: Int) -> [StoredGroup] {
            let group = GroupDefinition(name: GroupDefinition.everything, limit: limit)
            return [StoredGroup(definition: group, by: "uid:0", changedAt: Fixture.now)]
        }
        let (other, run) = (Fixture.run(1, .running) { $0.task = "other" }, Fixture.run(9))
        func sentences(_ limit: Int, among live: [Run]) -> [String] {
            let waits = waits(run, definition(), among: live, places: 1, groups: everything(limit))
            return Fixture.explanation(run, waits: waits).sentences
        }
        #expect(sentences(2, among: [other, run]) == ["backup/9 is about to begin"])
        let raise = "no run begins while the limit of all is 0: reeve group set --all --limit N raises it"
        #expect(sentences(0, among: [run]) == ["backup/9 waits for a free place: none may begin", raise])
        #expect(
            sentences(0, among: [other, run])
                == ["backup/9 waits for a free place: one run is going, none may begin", raise]
        )
    }

    @Test func `the time after which it is missed is said once, with the first thing that it waits for`() {
        let run = Fixture.run(9) { $0.notAfter = Fixture.now + .minutes(5) }
        let live = [Fixture.run(1, .running), Fixture.run(2, .running) { $0.task = "other" }, run]
        let own = waits(run, definition(.queue), among: live)
        #expect(
            Fixture.explanation(run, definition(.queue), waits: own).sentences == [
                "backup/9 waits for backup/1 to end, which has run for 9m (overlap: queue), until 2026-11-21 03:05 UTC: "
                    + "it is missed then",
                "backup/9 waits for a free place: 2 runs are going, no more than 2 may at once",
            ]
        )
        #expect(own.deadline == Fixture.now + .minutes(5))
        let held = waits(run, definition(), among: [run], unmet: [RequirementDefinition(.service("db"))])
        #expect(held.deadline == Fixture.now + .minutes(5))
    }

    @Test func `another try waits for its time, and is in nobody's way until then`() {
        let run = Fixture.run(4)
        let retry = Fixture.run(3) { retry in
            retry.trigger = .retry
            retry.attempt = 2
            retry.notBefore = Fixture.now + .minutes(5)
        }
        let waits = waits(run, definition(.queue), among: [retry, run])
        #expect(Fixture.explanation(run, definition(.queue), waits: waits).sentences == ["backup/4 is about to begin"])
        #expect(waits.ahead == 0)
        let own = self.waits(
            retry,
            definition(.queue),
            among: [retry, run],
            unmet: [RequirementDefinition(.task("a"))]
        )
        #expect(
            Fixture.explanation(retry, definition(.queue), waits: own).summary
                == "backup/3 is try number 2 and begins in 5m, 2026-11-21 03:05 UTC"
        )
        #expect(own.json(showing: .utc)[at: "0", "at"] == "2026-11-21T03:05:00.000Z")
        #expect(own.json(showing: .utc)[at: "0", "atLocal"]?.string?.hasPrefix("2026-11-21T03:05:00") == true)
        #expect(own.deadline == nil)
    }

    @Test func `what it requires is named, with until when, and why that is not so`() {
        let run = Fixture.run(3)
        let unmet = [RequirementDefinition(.service("db")), RequirementDefinition(.task("migrate"))]
        var waits = waits(run, definition(), among: [run], unmet: unmet)
        waits.causes = ["db is starting"]
        #expect(
            Fixture.explanation(run, waits: waits).sentences == [
                "backup/3 waits for db to be ready and for task migrate to have succeeded, until 2026-11-21 03:50 UTC: it is missed then",
                "db is starting",
            ]
        )
        #expect(
            waits.json(showing: nil) == [
                ["what": "db to be ready", "service": "db", "condition": "ready"],
                ["what": "task migrate to have succeeded", "task": "migrate", "condition": "succeeded"],
            ]
        )
    }

    @Test func `while nobody begins runs that is the reason`() {
        var waits = waits(Fixture.run(3), definition(), among: [])
        waits.isRunnerAway = true
        #expect(
            Fixture.explanation(Fixture.run(3), waits: waits).sentences
                == ["backup/3 waits for the part of the agent that begins runs, which restarts"]
        )
    }

    // MARK: While it lives

    @Test func `a run that lives says since when, at which step, and when a timeout ends it`() {
        var definition = TaskDefinition(id: "backup")
        var upload = StepDefinition(name: "upload", command: ["true"])
        upload.timeout = .minutes(20)
        definition.steps = [StepDefinition(name: "dump", command: ["true"]), upload]
        definition.timeout = .hours(1)
        let run = Fixture.run(3, .running) { run in
            run.steps = [RunStep(name: "dump"), RunStep(name: "upload")]
            run.steps[0].status = .stopped
            run.steps[1].status = .running
            run.steps[1].pid = 4711
            run.steps[1].startedAt = Fixture.now - .minutes(2)
        }
        #expect(
            Fixture.explanation(run, definition).sentences == [
                "backup/3 has run for 9m, since 2026-11-21 02:51 UTC",
                "it is at step upload, 2 of 2: process 4711, for 2m",
                "it is ended in 18m, when the step's timeout of 20m is over",
            ]
        )
        let json = Fixture.explanation(run, definition).json(showing: nil)
        #expect(json["deadline"] == "2026-11-21T03:18:00.000Z" && json["status"] == "running")
        #expect(json[at: "reasons", "3"] == "it was due at 2026-11-21 02:50 UTC")
    }

    @Test func `a run says what its steps do and wait for`() {
        var definition = TaskDefinition(id: "backup")
        definition.steps = ["app", "load", "test", "send"].map { StepDefinition(name: $0, command: ["true"]) }
        definition.steps?[2].requires = [StepRequirement("load"), StepRequirement("app", .ready)]
        let run = Fixture.run(3, .running) { run in
            run.steps = ["app", "load", "test", "send"].map { RunStep(name: $0) }
            run.steps[0].status = .running
            run.steps[0].pid = 47
            run.steps[0].startedAt = Fixture.now - .minutes(2)
            run.steps[1].attempt = 2
            run.steps[1].notBefore = Fixture.now + .seconds(5)
            run.steps[3].status = .preparing
        }
        #expect(
            Fixture.explanation(run, definition).sentences.dropFirst() == [
                "step app, 1 of 4: process 47, for 2m", "step send, 4 of 4: no process yet",
                "step load is tried again in 5s, for the 2. time", "step test waits for step load to have succeeded",
            ]
        )
    }

    @Test func `one that is being stopped says who asked for it`() {
        let run = Fixture.run(3, .stopping) { run in
            run.stopRequest = StopRequest(at: Fixture.now - .seconds(3), by: "uid:7", reason: "it hangs")
        }
        #expect(
            Fixture.explanation(run, definition(timeout: .hours(1))).sentences
                == ["backup/3 is being stopped: asked by uid:7 3s ago: it hangs"]
        )
    }

    // MARK: When it has ended

    @Test(
        arguments: [
            (.succeeded, nil, nil, nil, ["backup/3 succeeded 4m ago, in 5m"]),
            (.failed, "exited with 3", 3, nil, ["backup/3 failed 4m ago after 5m: exited with 3"]),
            (
                .failed, "exited with 127", 127, nil,
                [
                    "backup/3 failed 4m ago after 5m: exited with 127", "127 from a shell: there is no such command",
                ]
            ),
            (
                .failed, "exited with 143", 143, nil,
                [
                    "backup/3 failed 4m ago after 5m: exited with 143", "143 from a shell: SIGTERM ended the command",
                ]
            ),
            (
                .failed, "ended by signal 9", nil, 9,
                [
                    "backup/3 failed 4m ago after 5m: ended by signal 9",
                    "SIGKILL: somebody else sent it, perhaps the kernel for want of memory",
                ]
            ),
            (
                .failed, "ended by signal 11", nil, 11,
                [
                    "backup/3 failed 4m ago after 5m: ended by signal 11",
                    "SIGSEGV: the program did what no program may",
                ]
            ),
            (
                .timedOut, "the run's timeout of 5m was reached", nil, 15,
                ["backup/3 timed out 4m ago after 5m: the run's timeout of 5m was reached"]
            ),
            (
                .canceled, "stopped by uid:0", nil, 15, ["backup/3 was canceled 4m ago after 5m: stopped by uid:0"]
            ),
            (
                .lost, "the agent went down while it ran", nil, nil,
                ["backup/3 was lost 4m ago: the agent went down while it ran"]
            ),
        ] as [(Outcome, String?, Int?, Int?, [String])]
    )
    func `how it ended is said with the reason, and what the number means`(
        outcome: Outcome,
        reason: String?,
        code: Int?,
        signal: Int?,
        sentences: [String]
    ) {
        let run = Fixture.run(3, .stopped) { run in
            run.outcome = outcome
            run.reason = reason
            run.steps = [RunStep(name: "main")]
            run.steps[0].status = .stopped
            run.steps[0].outcome = outcome
            run.steps[0].exitCode = code
            run.steps[0].signal = signal
        }
        #expect(Fixture.explanation(run).sentences == sentences)
    }

    @Test func `one that never began says so, and what it stands for`() {
        let run = Fixture.run(3, .stopped) { run in
            run.outcome = .missed
            run.startedAt = nil
            run.reason = "nobody could start it at its time"
            run.covers = Covers(count: 12, from: Fixture.now - .hours(14), to: Fixture.now - .hours(3))
        }
        #expect(
            Fixture.explanation(run).sentences == [
                "backup/3 was missed 4m ago: nobody could start it at its time",
                "it stands for 12 times, from 2026-11-20 13:00 UTC to 2026-11-21 00:00 UTC",
            ]
        )
    }

    @Test(
        arguments: [
            (.manual, "it was asked for by uid:0, 10m ago"), (.schedule, "it was due at 2026-11-21 02:50 UTC"),
            (.catchUp, "it was due at 2026-11-21 02:50 UTC, and found late"),
            (.boot, "the host's start made it due, 10m ago"),
            (.retry, "it is attempt 2 of what was due at 2026-11-21 02:50 UTC"),
        ] as [(Trigger, String)]
    )
    func `the last sentence says where it comes from`(trigger: Trigger, sentence: String) {
        let run = Fixture.run(3) { run in
            run.trigger = trigger
            run.by = trigger == .manual ? "uid:0" : nil
            run.attempt = 2
        }
        #expect(Fixture.explanation(run).json(showing: nil)["reasons"]?.array?.last == .string(sentence))
    }

    @Test func `of a try that somebody asked for it says who did`() {
        let run = Fixture.run(3) { run in
            (run.trigger, run.by, run.attempt, run.due) = (.retry, "uid:7", 2, nil)
        }
        let sentence: JSON = "it is attempt 2, asked for by uid:7"
        #expect(Fixture.explanation(run).json(showing: nil)["reasons"]?.array?.last == sentence)
    }
}
