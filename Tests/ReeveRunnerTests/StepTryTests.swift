import ReeveLaunch
import ReeveProtocol
import ReeveRunner
import Testing

/// One step as ``RunMachine`` sees to it: its readiness, its health and its tries.
struct StepTryTests {
    private typealias Try = RunMachine.Try

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
        let ended = machine.handle(Machine.end(0, 1), at: Machine.start)
        #expect(ended == [.kill(Try(0))], "nothing of a try lives on beside the next")
        let failed = machine.handle(.killed(Try(0), survivors: nil), at: Machine.start)
        #expect(failed.first?.told == ["a stopped", "a pending"])
        #expect(failed.dropFirst() == [.wait(.retry(Try(0, attempt: 2)), .seconds(10))])
        #expect(machine.run.steps[0].notBefore == Machine.start + .milliseconds(10_050))
        #expect(machine.run.steps[0].exitCode == nil, "of the new try nothing is known yet")
        #expect(machine.happen(Machine.end(0, 0)) == [], "what is heard of an earlier try concerns nobody")
        #expect(machine.happen(.timeIsOver(.retry(Try(0, attempt: 2)))) == [.start(Try(0, attempt: 2))])
        machine.happen(Machine.started(0, attempt: 2))
        #expect(
            machine.happen(Machine.end(0, 1, attempt: 2)) == [
                .kill(Try(0, attempt: 2)), .wait(.retry(Try(0, attempt: 3)), .seconds(20)),
            ]
        )
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

    @Test func `a stop between two tries cancels the step`() {
        var machine = Machine.make([Machine.step("a") { $0.retry = TaskRetryDefinition() }])
        machine.happen(.admitted)
        machine.happen(Machine.started())
        machine.happen(Machine.end(0, 1))
        #expect(machine.happen(.stopRequested(Machine.request)) == [.finish])
        #expect(machine.run.outcome == .canceled)
        #expect(machine.outcomes == [.canceled])
    }

    @Test func `what a SIGKILL did not end is told with the step, whether it is tried again or not`() {
        let step = Machine.step("a") {
            $0.timeout = .seconds(1)
            $0.retry = TaskRetryDefinition(limit: 1, delay: .seconds(1))
        }
        var machine = Machine.make([step])
        machine.happen(.admitted)
        machine.happen(Machine.started())
        machine.happen(.timeIsOver(.step(Try(0))))
        #expect(machine.handle(.timeIsOver(.grace(Try(0))), at: Machine.start) == [.kill(Try(0))])
        let stuck = machine.handle(.killed(Try(0), survivors: "7 (tar)"), at: Machine.start)
        #expect(stuck.map(\.told) == [["a stopping"]], "its process is there still, and somebody should know")
        let reason = "the step's timeout of 1s was reached; survived SIGKILL: 7 (tar)"
        #expect(machine.run.steps[0].reason == reason)
        #expect(machine.handle(Machine.end(0, nil, signal: 9), at: Machine.start) == [.kill(Try(0))])
        let ended = machine.handle(.killed(Try(0), survivors: "8 (tar)"), at: Machine.start)
        guard case .save(let details)? = ended.first, case .step(let told)? = details.first else {
            Issue.record("\(ended)")
            return
        }
        #expect(told.attempt == 1 && told.reason?.hasSuffix("survived SIGKILL: 8 (tar)") == true)
        #expect(machine.run.steps[0].attempt == 2)
    }
}
