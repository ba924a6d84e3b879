import ReeveLaunch
import ReeveProtocol
import ReeveRunner
import Testing

/// Steps that wait for one another, as ``RunMachine`` lets them start and end.
struct StepGraphTests {
    private typealias Try = RunMachine.Try
    private typealias Action = RunMachine.Action

    @Test func `steps that require nothing start at once, all intents in one save`() {
        var machine = Machine.make([Machine.step("a"), Machine.step("b")])
        let actions = machine.handle(.admitted, at: Machine.start)
        #expect(actions.map(\.told).first == ["a preparing", "b preparing"])
        #expect(actions.dropFirst() == [.start(Try(0)), .start(Try(1))])
    }

    @Test func `a step starts when what it requires has succeeded, and one save tells of both`() {
        var machine = Machine.make([Machine.step("dump"), Machine.step("upload", .init("dump"))])
        #expect(machine.happen(.admitted) == [.start(Try(0))])
        machine.happen(Machine.started(0))
        let actions = machine.handle(Machine.end(0), at: Machine.start)
        #expect(actions.first?.told == ["dump stopped", "upload preparing"])
        #expect(actions.dropFirst() == [.start(Try(1))])
        machine.happen(Machine.started(1))
        #expect(machine.happen(Machine.end(1)) == [.finish])
        #expect(machine.run.outcome == .succeeded)
    }

    @Test func `what can no longer start is skipped with the reason, and so is what waits for it`() {
        var machine = Machine.make([
            Machine.step("a"), Machine.step("b", .init("a")), Machine.step("c", .init("b")), Machine.step("free"),
            Machine.step("cleanup", .init("a", .exited)),
        ])
        machine.happen(.admitted)
        machine.happen(Machine.started(0))
        machine.happen(Machine.started(3))
        #expect(machine.happen(Machine.end(0, 4)) == [.start(Try(4))], "only what may follow a failure starts")
        #expect(machine.outcomes == [.failed, .skipped, .skipped, nil, nil])
        #expect(
            machine.run.steps[1].reason
                == "it requires step a to have succeeded, which ended as failed: exited with 4"
        )
        #expect(machine.run.steps[2].reason == "it requires step b to have succeeded, which was skipped")
        #expect(machine.run.steps[1].cause == "requirement")
        #expect(machine.run.status == .running, "what is independent goes on")
        machine.happen(Machine.started(4))
        machine.happen(Machine.end(3))
        #expect(machine.happen(Machine.end(4)) == [.finish])
        #expect(machine.run.outcome == .failed)
        #expect(machine.run.cause == "exit")
        #expect(machine.run.reason == "step a: exited with 4")
    }

    @Test(arguments: [
        (RequirementCondition.started, [Machine.started(0)]),
        (.ready, [Machine.started(0), .becameReady(RunMachine.Try(0))]),
        (.healthy, [Machine.started(0), .becameReady(RunMachine.Try(0)), .health(RunMachine.Try(0), .healthy)]),
        (.exited, [Machine.started(0), .becameReady(RunMachine.Try(0)), Machine.end(0, 1)]),
    ])
    func `a step starts with the event that meets its condition, and not before`(
        _ condition: RequirementCondition,
        _ events: [RunMachine.Event]
    ) {
        let first = Machine.step("a") {
            $0.ready = ReadinessDefinition(.notify)
            $0.probe = ProbeDefinition(.tcp("localhost:1"))
        }
        var machine = Machine.make([first, Machine.step("b", .init("a", condition))])
        machine.happen(.admitted)
        for event in events.dropLast() { #expect(!machine.happen(event).contains(.start(Try(1)))) }
        #expect(machine.happen(events[events.count - 1]).contains(.start(Try(1))))
    }

    @Test func `a process is asked whether it is ready, and then how it is`() {
        let step = Machine.step("a") {
            $0.ready = ReadinessDefinition(.notify, timeout: .seconds(7))
            $0.probe = ProbeDefinition(.tcp("localhost:1"))
        }
        var machine = Machine.make([step])
        machine.happen(.admitted)
        #expect(machine.happen(Machine.started()) == [.wait(.readiness(Try(0)), .seconds(7)), .awaitReadiness(Try(0))])
        #expect(machine.happen(.becameReady(Try(0))) == [.probe(Try(0))])
        let actions = machine.handle(.health(Try(0), .unhealthy("nobody listens")), at: Machine.start)
        #expect(actions.map(\.told) == [["a unhealthy"]])
        #expect(machine.run.probes?.map(\.reason) == ["nobody listens"])
        #expect(machine.happen(.timeIsOver(.readiness(Try(0)))) == [], "it was ready in time")
        #expect(machine.run.steps[0].status == .running, "to be unhealthy is told, and no more")
    }

    @Test func `a step that does not become ready is ended as failed`() {
        let step = Machine.step("a") { $0.ready = ReadinessDefinition(.notify, timeout: .seconds(7)) }
        var machine = Machine.make([step, Machine.step("b", .init("a", .ready))])
        machine.happen(.admitted)
        machine.happen(Machine.started())
        #expect(machine.happen(.timeIsOver(.readiness(Try(0)))).contains(.signal(Try(0), number: 15)))
        machine.happen(Machine.end(0, nil, signal: 15))
        #expect(machine.run.outcome == .failed)
        #expect(machine.run.cause == "notReady")
        #expect(machine.run.reason == "step a: it was not ready within 7s")
        #expect(machine.outcomes == [.failed, .skipped])
    }

    @Test func `a step that is to be restarted when unhealthy is ended, and its retry makes another`() {
        let step = Machine.step("a") {
            $0.probe = ProbeDefinition(.tcp("localhost:1"))
            $0.probe?.unhealthy = .restart
            $0.retry = TaskRetryDefinition(limit: 1, delay: .seconds(2))
        }
        var machine = Machine.make([step])
        machine.happen(.admitted)
        machine.happen(Machine.started())
        machine.happen(.health(Try(0), .unhealthy("nobody listens")))
        #expect(machine.statuses == [.stopping])
        machine.happen(Machine.end(0, 0))
        #expect(machine.run.steps[0].attempt == 2)
        #expect(machine.run.status == .running)
    }

    @Test func `a try that failed is told, and the next begins after its delay as one of its own`() {
        let step = Machine.step("a") { $0.retry = TaskRetryDefinition(limit: 2, delay: .seconds(10), factor: 2) }
        var machine = Machine.make([step, Machine.step("b", .init("a"))])
        machine.happen(.admitted)
        machine.happen(Machine.started())
        let failed = machine.handle(Machine.end(0, 1), at: Machine.start)
        #expect(failed.first?.told == ["a stopped", "a pending"])
        #expect(failed.dropFirst() == [.wait(.retry(Try(0, attempt: 2)), .seconds(10))])
        #expect(machine.run.steps[0].notBefore == Machine.start + .milliseconds(10_050))
        #expect(machine.run.steps[0].exitCode == nil, "of the new try nothing is known yet")
        #expect(machine.happen(Machine.end(0, 0)) == [], "what is heard of an earlier try concerns nobody")
        #expect(machine.happen(.timeIsOver(.retry(Try(0, attempt: 2)))) == [.start(Try(0, attempt: 2))])
        machine.happen(Machine.started(0, attempt: 2))
        #expect(machine.happen(Machine.end(0, 1, attempt: 2)) == [.wait(.retry(Try(0, attempt: 3)), .seconds(20))])
        machine.happen(.timeIsOver(.retry(Try(0, attempt: 3))))
        machine.happen(Machine.started(0, attempt: 3))
        #expect(machine.happen(Machine.end(0, 1, attempt: 3)) == [.finish])
        #expect(machine.run.reason == "step a: exited with 1 after 3 tries")
        #expect(machine.outcomes == [.failed, .skipped])
    }

    @Test func `a step is tried again only for the exit codes that it names`() {
        let step = Machine.step("a") { $0.retry = TaskRetryDefinition(onExit: [75]) }
        var other = Machine.make([step])
        other.happen(.admitted)
        other.happen(Machine.started())
        #expect(other.happen(Machine.end(0, 1)) == [.finish])
        var named = Machine.make([step])
        named.happen(.admitted)
        named.happen(Machine.started())
        #expect(named.happen(Machine.end(0, 75)).contains(.wait(.retry(Try(0, attempt: 2)), .seconds(10))))
    }

    @Test(arguments: [(0, Outcome.succeeded), (3, .failed)])
    func `the end of an essential step ends the run, which comes to what the step did`(_ code: Int, _ outcome: Outcome)
    {
        var machine = Machine.make([
            Machine.step("db"), Machine.step("test", .init("db", .started)) { $0.essential = true },
            Machine.step("later", .init("db")),
        ])
        machine.happen(.admitted)
        machine.happen(Machine.started(0))
        machine.happen(Machine.started(1))
        let actions = machine.happen(Machine.end(1, code))
        #expect(actions == [.signal(Try(0), number: 15), .wait(.grace(Try(0)), .seconds(10))])
        #expect(machine.run.status == .stopping)
        #expect(machine.outcomes == [nil, outcome, .skipped])
        #expect(machine.happen(Machine.end(0, nil, signal: 15)) == [.kill(Try(0)), .finish])
        #expect(machine.run.outcome == outcome)
        #expect(machine.run.reason == (code == 0 ? nil : "step test: exited with 3"))
        #expect(machine.run.steps[0].outcome == .canceled)
        #expect(machine.run.steps[0].cause == "essentialEnded")
    }

    @Test func `an essential step that can no longer start ends the run, too`() {
        var machine = Machine.make([
            Machine.step("app"), Machine.step("load"),
            Machine.step("test", .init("load"), .init("app", .started)) { $0.essential = true },
        ])
        machine.happen(.admitted)
        machine.happen(Machine.started(0))
        machine.happen(Machine.started(1))
        #expect(machine.happen(Machine.end(1, 3)).contains(.signal(Try(0), number: 15)))
        #expect(machine.happen(Machine.end(0, nil, signal: 15)) == [.kill(Try(0)), .finish])
        #expect(machine.run.outcome == .failed)
        #expect(machine.run.cause == "requirement")
        #expect(machine.outcomes == [.canceled, .failed, .skipped])
    }

    @Test func `a run in which something was to be done and was not has failed, though no step has`() {
        let first = Machine.step("a") { $0.ready = ReadinessDefinition(.notify) }
        var machine = Machine.make([first, Machine.step("b", .init("a", .ready))])
        machine.happen(.admitted)
        machine.happen(Machine.started(0))
        #expect(machine.happen(Machine.end(0, 0)) == [.finish])
        #expect(machine.outcomes == [.succeeded, .skipped])
        #expect(machine.run.outcome == .failed)
        #expect(machine.run.reason == "step b: it requires step a to be ready, which has ended")

        var spared = Machine.make([first, Machine.step("b", .init("a", .ready)) { $0.essential = false }])
        spared.happen(.admitted)
        spared.happen(Machine.started(0))
        spared.happen(Machine.end(0, 0))
        #expect(spared.run.outcome == .succeeded)
    }

    @Test func `a step that is not essential does not fail its run`() {
        var machine = Machine.make([Machine.step("a"), Machine.step("notify") { $0.essential = false }])
        machine.happen(.admitted)
        machine.happen(Machine.started(0))
        machine.happen(Machine.started(1))
        machine.happen(Machine.end(1, 1))
        machine.happen(Machine.end(0, 0))
        #expect(machine.run.outcome == .succeeded)
        #expect(machine.outcomes == [.succeeded, .failed])
    }

    @Test func `a run is ended from its last steps on, so that each has what it requires until it ends`() {
        var machine = Machine.make([
            Machine.step("db"), Machine.step("web", .init("db", .started)),
            Machine.step("test", .init("web", .started)),
        ])
        machine.happen(.admitted)
        for step in 0..<3 { machine.happen(Machine.started(step)) }
        let stop = machine.happen(.stopRequested(Machine.request))
        #expect(stop == [.signal(Try(2), number: 15), .wait(.grace(Try(2)), .seconds(10))])
        #expect(machine.statuses == [.running, .running, .stopping])
        #expect(machine.happen(Machine.end(2)).contains(.signal(Try(1), number: 15)))
        #expect(machine.happen(Machine.end(1)).contains(.signal(Try(0), number: 15)))
        #expect(machine.happen(Machine.end(0)) == [.kill(Try(0)), .finish])
        #expect(machine.outcomes == [.canceled, .canceled, .canceled])
    }

    @Test func `a step that times out is ended alone, and the run goes on`() {
        var machine = Machine.make([
            Machine.step("slow") { $0.timeout = .seconds(1) }, Machine.step("needs", .init("slow", .started)),
            Machine.step("after", .init("slow", .exited)),
        ])
        machine.happen(.admitted)
        machine.happen(Machine.started(0))
        machine.happen(Machine.started(1))
        #expect(machine.happen(.timeIsOver(.step(Try(0)))).first == .signal(Try(0), number: 15))
        #expect(machine.run.status == .running)
        #expect(machine.happen(Machine.end(0, nil, signal: 15)) == [.kill(Try(0)), .start(Try(2))])
        machine.happen(Machine.started(2))
        machine.happen(Machine.end(1))
        machine.happen(Machine.end(2))
        #expect(machine.run.outcome == .timedOut)
        #expect(machine.outcomes == [.timedOut, .succeeded, .succeeded])
    }

    @Test func `a stop between two tries cancels the step`() {
        var machine = Machine.make([Machine.step("a") { $0.retry = TaskRetryDefinition() }])
        machine.happen(.admitted)
        machine.happen(Machine.started())
        machine.happen(Machine.end(0, 1))
        #expect(machine.happen(.stopRequested(Machine.request)) == [.finish])
        #expect(machine.run.outcome == .canceled)
        #expect(machine.outcomes == [.canceled])
    }

    // MARK: Taken up again

    @Test func `a run that is taken up goes on where it was, with what is left of its times`() {
        let steps = [
            Machine.step("a") { $0.timeout = .seconds(60) }, Machine.step("b", .init("a")),
            Machine.step("c") {
                $0.ready = ReadinessDefinition(.notify, timeout: .seconds(30))
                $0.retry = TaskRetryDefinition(delay: .seconds(40))
            },
            Machine.step("d") { $0.ready = ReadinessDefinition(.notify, timeout: .seconds(30)) },
        ]
        var before = Machine.make(steps, timeout: .minutes(5))
        before.happen(.admitted)
        before.happen(Machine.started(0))
        before.happen(Machine.started(2))
        before.happen(Machine.end(2, 1, after: 0))
        var machine = Machine.takingUp(before, steps, timeout: .minutes(5))
        #expect(
            machine.happen(.resumed(found: [0: 100, 3: 103]), after: .seconds(20)) == [
                .wait(.run, .seconds(280)), .wait(.step(Try(0)), .seconds(40)),
                .wait(.readiness(Try(3)), .seconds(30)), .awaitReadiness(Try(3)),
                .wait(.retry(Try(2, attempt: 2)), .seconds(20)),
            ]
        )
        #expect(machine.statuses == [.running, .pending, .pending, .running])
        #expect(machine.happen(Machine.end(0)) == [.start(Try(1))])
    }

    @Test func `a run of which nothing ran goes on, and is not lost`() {
        let steps = [Machine.step("a") { $0.retry = TaskRetryDefinition(delay: .seconds(10)) }]
        var before = Machine.make(steps)
        before.happen(.admitted)
        before.happen(Machine.started())
        before.happen(Machine.end(0, 1, after: 0))
        var machine = Machine.takingUp(before, steps)
        let actions = machine.happen(.resumed(found: [:]), after: .minutes(1))
        #expect(actions == [.wait(.retry(Try(0, attempt: 2)), .zero)])
        #expect(machine.run.status == .running)
    }

    @Test func `a run with a step that is gone is lost, and nothing of it begins any more`() {
        let steps = [Machine.step("a"), Machine.step("b", .init("a")), Machine.step("c")]
        var before = Machine.make(steps)
        before.happen(.admitted)
        before.happen(Machine.started(0))
        before.happen(Machine.started(2))
        before.happen(Machine.end(2, 0))
        var machine = Machine.takingUp(before, steps)
        #expect(machine.happen(.resumed(found: [:])) == [.finish])
        #expect(machine.outcomes == [.lost, .skipped, .succeeded])
        #expect(machine.run.outcome == .lost)
        #expect(machine.run.reason == "step a: the agent went down while it ran")
    }

    @Test func `a try that was to start and did not is started`() {
        let steps = [Machine.step("a"), Machine.step("b")]
        var before = Machine.make(steps)
        before.happen(.admitted)
        before.happen(Machine.started(0))
        var machine = Machine.takingUp(before, steps)
        #expect(machine.happen(.resumed(found: [0: 100], unstarted: [Try(1)])) == [.start(Try(1))])
        #expect(machine.statuses == [.running, .preparing])

        before.happen(.stopRequested(Machine.request))
        var ending = Machine.takingUp(before, steps)
        #expect(!ending.happen(.resumed(found: [0: 100], unstarted: [Try(1)])).contains(.start(Try(1))))
        #expect(ending.statuses == [.stopping, .stopped])
        #expect(ending.outcomes == [nil, .canceled])
    }

    @Test func `a request that comes after another cause changes nothing of it, over a restart as well`() {
        let steps = [Machine.step("a")]
        var before = Machine.make(steps, timeout: .minutes(1))
        before.happen(.admitted)
        before.happen(Machine.started(0))
        before.happen(.timeIsOver(.run))
        var record = before.run
        record.stopRequest = Machine.request
        var definition = TaskDefinition(id: "backup")
        definition.steps = steps
        var machine = RunMachine(run: record, definition: definition)
        machine.happen(.resumed(found: [0: 100]))
        machine.happen(.stopRequested(Machine.request))
        machine.happen(Machine.end(0, nil, signal: 15))
        #expect(machine.run.outcome == .timedOut)
        #expect(machine.outcomes == [.timedOut])
    }

    @Test func `one that was being ended is ended further, and comes to the same`() {
        let steps = [Machine.step("a"), Machine.step("b", .init("a", .started))]
        for event in [RunMachine.Event.agentStopping, .timeIsOver(.run), .stopRequested(Machine.request)] {
            var before = Machine.make(steps, timeout: .minutes(1))
            before.happen(.admitted)
            before.happen(Machine.started(0))
            before.happen(Machine.started(1))
            before.happen(event)
            var straight = before
            var machine = Machine.takingUp(before, steps, timeout: .minutes(1))
            #expect(
                machine.happen(.resumed(found: [0: 100, 1: 101])) == [
                    .signal(Try(1), number: 15), .wait(.grace(Try(1)), .seconds(10)),
                ]
            )
            for event in [Machine.end(1), Machine.end(0)] {
                machine.happen(event)
                straight.happen(event)
            }
            #expect(machine.run.status == .stopped)
            #expect(machine.run == straight.run)
        }
    }

    @Test func `the end of an essential step is remembered`() {
        let other = Machine.step("other") { $0.essential = true }
        let steps = [Machine.step("db"), other, Machine.step("test") { $0.essential = true }]
        var before = Machine.make(steps)
        before.happen(.admitted)
        before.happen(Machine.started(0))
        before.happen(Machine.started(1))
        before.happen(Machine.started(2))
        before.happen(Machine.end(2, 0))
        before.happen(Machine.end(1, nil, signal: 15))
        var machine = Machine.takingUp(before, steps)
        machine.happen(.resumed(found: [0: 100]))
        machine.happen(Machine.end(0, nil, signal: 15))
        #expect(machine.run.outcome == .succeeded)
        #expect(machine.outcomes == [.canceled, .canceled, .succeeded])
    }
}

/// Attachments as ``RunMachine`` sees to them.
struct RunAttachmentTests {
    private typealias Try = RunMachine.Try

    private func machine(expires: Interval? = nil) -> RunMachine {
        var definition = TaskDefinition(id: "backup", command: ["true"])
        definition.attachments = [
            AttachmentDefinition(path: "/run/a", content: ""), .init(path: "/run/b", content: ""),
        ]
        definition.attachments?[1].expires = expires
        let run = Run(id: "r", task: "backup", number: 1, revision: 1, trigger: .manual, createdAt: Machine.start)
        return RunMachine(run: run, definition: definition)
    }

    private func records(_ second: AttachmentStatus) -> [RunAttachment] {
        var records = ["/run/a", "/run/b"].map { RunAttachment(path: $0, status: .attached, at: Machine.start) }
        records[1].status = second
        records[1].cause = second == .failed ? "attachmentFailed" : nil
        records[1].reason = second == .failed ? "a folder is in its place" : nil
        return records
    }

    @Test func `they are in place before a step starts, and told`() {
        var machine = machine()
        #expect(machine.happen(.admitted) == [.attach])
        #expect(machine.run.attachments?.map(\.status) == [.pending, .pending])
        let actions = machine.handle(.attached(records(.attached)), at: Machine.start)
        #expect(actions.first?.told == ["/run/a attached", "/run/b attached", "main preparing"])
        #expect(actions.dropFirst() == [.start(Try(0))])
    }

    @Test func `one that fails is why the run does`() {
        var machine = machine()
        machine.happen(.admitted)
        #expect(machine.happen(.attached(records(.failed))) == [.finish])
        #expect(machine.run.outcome == .failed)
        #expect(machine.run.cause == "attachmentFailed")
        #expect(machine.run.reason == "attachment /run/b: a folder is in its place")
        #expect(machine.outcomes == [.skipped])
    }

    @Test func `one whose time was over when the run began fails it, and none is put in place`() {
        var machine = machine(expires: .minutes(5))
        #expect(machine.happen(.admitted, after: .minutes(7)) == [.finish])
        #expect(machine.run.outcome == .failed)
        #expect(machine.run.cause == "attachmentExpired")
        #expect(machine.run.reason == "attachment /run/b: its time was over 2m before the run began")
        #expect(machine.run.attachments?.map(\.status) == [.failed, .expired])
        #expect(machine.run.attachments?.first?.cause == "notReached")
        #expect(machine.run.attachments?.last?.expiresAt == Machine.start + .minutes(5))
    }

    @Test func `a run that is taken up before they were in place sees to them again`() {
        var machine = machine()
        machine.happen(.admitted)
        #expect(machine.happen(.resumed(found: [:])) == [.attach])
        #expect(machine.happen(.attached(records(.attached))) == [.start(Try(0))])
    }

    @Test func `a stop in the meantime is the end`() {
        var machine = machine()
        machine.happen(.admitted)
        #expect(machine.happen(.stopRequested(Machine.request)) == [.finish])
        #expect(machine.happen(.attached(records(.attached))) == [])
        #expect(machine.run.outcome == .canceled)
    }
}
