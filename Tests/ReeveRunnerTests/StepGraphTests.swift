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
}
