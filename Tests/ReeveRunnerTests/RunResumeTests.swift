import ReeveLaunch
import ReeveProtocol
import ReeveRunner
import Testing

/// Runs that are taken up again, after a restart of the runner or of the agent.
struct RunResumeTests {
    private typealias Try = RunMachine.Try

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

    @Test func `what an essential step comes to is remembered whatever that is, and what the others do`() {
        let slow = Machine.step("slow") {
            $0.essential = true
            $0.timeout = .seconds(1)
        }
        let steps = [Machine.step("db"), slow]
        var before = Machine.make(steps)
        before.happen(.admitted)
        before.happen(Machine.started(0))
        before.happen(Machine.started(1))
        before.happen(.timeIsOver(.step(Try(1))))
        before.happen(Machine.end(1, nil, signal: 15))
        var straight = before
        var machine = Machine.takingUp(before, steps)
        machine.happen(.resumed(found: [0: 100]))
        for event in [Machine.end(0, nil, signal: 15)] {
            machine.happen(event)
            straight.happen(event)
        }
        #expect(machine.run.outcome == .timedOut)
        #expect(machine.run.steps[0].cause == "essentialEnded")
        #expect(machine.run == straight.run)
    }

    @Test func `of a grace that had begun only the rest is left`() {
        let steps = [Machine.step("a")]
        var before = Machine.make(steps)
        before.happen(.admitted)
        before.happen(Machine.started())
        before.happen(.stopRequested(Machine.request))
        var machine = Machine.takingUp(before, steps)
        let actions = machine.happen(.resumed(found: [0: 100]), after: .seconds(7))
        #expect(actions == [.signal(Try(0), number: 15), .wait(.grace(Try(0)), .seconds(3))])
    }

    @Test func `what lasted of a lost run is told with its step`() {
        let steps = [Machine.step("a")]
        var before = Machine.make(steps)
        before.happen(.admitted)
        before.happen(Machine.started())
        var machine = Machine.takingUp(before, steps)
        machine.happen(.resumed(found: [:], survivors: "7 (tar)"))
        #expect(machine.run.reason == "the agent went down while it ran; survived SIGKILL: 7 (tar)")
    }
}
