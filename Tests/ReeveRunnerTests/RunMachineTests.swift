import ReeveLaunch
import ReeveProtocol
import ReeveRunner
import Testing

struct RunMachineTests {
    private typealias Try = RunMachine.Try
    private let start = Machine.start

    @Test func `the intent to start is saved before the process starts`() {
        var machine = Machine.make()
        let actions = machine.handle(.admitted, at: start)
        #expect(actions.first?.told == ["main preparing"])
        #expect(actions.dropFirst() == [.start(Try(0))])
        #expect(machine.run.status == .preparing)
        #expect(machine.statuses == [.preparing])
    }

    @Test func `one step that ends well is a run that succeeded`() {
        var machine = Machine.make()
        machine.happen(.admitted)
        let actions = machine.handle(Machine.started(), at: start)
        #expect(actions.map(\.told) == [["main running"]])
        #expect(machine.run.status == .running)
        #expect(machine.run.steps[0].pid == 100)
        let last = machine.handle(Machine.end(), at: start)
        #expect(last.first?.told == ["main stopped"])
        #expect(last.dropFirst() == [.finish])
        #expect(machine.run.outcome == .succeeded)
        #expect(machine.run.reason == nil)
        #expect(machine.run.stoppedAt == start + .milliseconds(50))
    }

    @Test func `an end of which nothing is known is told as that`() {
        var machine = Machine.make()
        machine.happen(.admitted)
        machine.happen(Machine.started())
        machine.happen(Machine.end(0, nil))
        #expect(machine.run.outcome == .lost)
        #expect(machine.run.cause == "unknown")
        #expect(machine.run.reason == "ended, and it is not known how")
    }

    @Test func `a step ended by a signal that nobody asked for failed`() {
        var machine = Machine.make()
        machine.happen(.admitted)
        machine.happen(Machine.started())
        machine.happen(Machine.end(0, nil, signal: 11))
        #expect(machine.run.outcome == .failed)
        #expect(machine.run.cause == "signal")
        #expect(machine.run.steps[0].signal == 11)
    }

    @Test func `a program that cannot be started is a failed run with the cause`() {
        var machine = Machine.make()
        machine.happen(.admitted)
        let reason = "cannot execute /x: no such file"
        #expect(machine.happen(.startFailed(Try(0), cause: "notFound", reason: reason)) == [.finish])
        #expect(machine.run.outcome == .failed)
        #expect(machine.run.cause == "notFound")
        #expect(machine.run.reason == reason)
    }

    @Test func `a stop signals, waits out the grace, kills, and takes what the step left with it`() {
        let step = Machine.step("main") { $0.stop = StopDefinition(signal: "INT", grace: .seconds(3)) }
        var machine = Machine.make([step])
        machine.happen(.admitted)
        machine.happen(Machine.started())
        let actions = machine.handle(.stopRequested(Machine.request), at: start)
        #expect(actions.first?.told == ["main stopping"])
        #expect(actions.dropFirst() == [.signal(Try(0), number: 2), .wait(.grace(Try(0)), .seconds(3))])
        #expect(machine.run.status == .stopping)
        #expect(machine.run.reason == "stopped by uid:0: enough", "why it ends is known while it does")
        #expect(machine.happen(.timeIsOver(.grace(Try(0)))) == [.kill(Try(0))])
        #expect(machine.happen(Machine.end(0, nil, signal: 9)) == [.kill(Try(0)), .finish])
        #expect(machine.run.outcome == .canceled)
        #expect(machine.run.cause == "requested")
        #expect(machine.run.reason == "stopped by uid:0: enough")
    }

    @Test func `a second stop passes on its signal, and kills sooner if it says so`() {
        var machine = Machine.make()
        machine.happen(.admitted)
        machine.happen(Machine.started())
        machine.happen(.stopRequested(Machine.request))
        #expect(machine.happen(.stopRequested(Machine.request)) == [], "the same once more is no news")
        var second = Machine.request.renewed(by: StopRequest(at: start + .seconds(1), by: "uid:7", signal: "INT"))
        #expect(machine.happen(.stopRequested(second), after: .seconds(1)) == [.signal(Try(0), number: 2)])
        second = second.renewed(by: StopRequest(at: start + .seconds(2), by: "uid:7", killAt: start + .seconds(3)))
        let again = machine.happen(.stopRequested(second), after: .seconds(2))
        #expect(again == [.signal(Try(0), number: 2), .wait(.grace(Try(0)), .seconds(1))])
        #expect(machine.happen(.timeIsOver(.grace(Try(0))), after: .seconds(3)) == [.kill(Try(0))])
        machine.happen(Machine.end(0, nil, signal: 9))
        #expect(machine.run.outcome == .canceled)
        #expect(machine.run.reason == "stopped by uid:0: enough", "who asked first has ended it")
    }

    @Test func `a stop reaches what is being ended for another reason, which stays what the run comes to`() {
        var machine = Machine.make(timeout: .minutes(1))
        machine.happen(.admitted)
        machine.happen(Machine.started())
        machine.happen(.timeIsOver(.run))
        #expect(machine.happen(.stopRequested(Machine.request)) == [])
        let kill = Machine.request.renewed(by: StopRequest(at: start, by: "uid:7", signal: "KILL"))
        #expect(machine.happen(.stopRequested(kill)) == [.signal(Try(0), number: 9)])
        machine.happen(Machine.end(0, nil, signal: 9))
        #expect(machine.run.outcome == .timedOut && machine.run.cause == "timeout")
    }

    @Test func `of a stop with a grace of its own every step is killed when that is over`() {
        let steps = [Machine.step("db"), Machine.step("app", .init("db", .started))]
        var machine = Machine.make(steps)
        machine.happen(.admitted)
        machine.happen(Machine.started(0))
        machine.happen(Machine.started(1))
        var request = Machine.request
        request.killAt = start + .seconds(60)
        let first = machine.happen(.stopRequested(request))
        #expect(first == [.signal(Try(1), number: 15), .wait(.grace(Try(1)), .seconds(60))])
        let next = machine.happen(Machine.end(1, 0, after: 20_000), after: .seconds(20))
        #expect(next == [.kill(Try(1)), .signal(Try(0), number: 15), .wait(.grace(Try(0)), .seconds(40))])
    }

    @Test func `a stop asked for between intent and start reaches the process as soon as it is there`() {
        var machine = Machine.make()
        machine.happen(.admitted)
        #expect(machine.happen(.stopRequested(Machine.request)) == [])
        let actions = machine.happen(Machine.started())
        #expect(actions == [.signal(Try(0), number: 15), .wait(.grace(Try(0)), .seconds(10))])
        #expect(machine.run.status == .stopping)
        #expect(machine.statuses == [.stopping])
    }

    @Test func `a step and a run that take too long have timed out`() {
        var machine = Machine.make([Machine.step("main") { $0.timeout = .seconds(5) }], timeout: .minutes(1))
        #expect(machine.happen(.admitted) == [.wait(.run, .minutes(1)), .start(Try(0))])
        #expect(machine.happen(Machine.started()) == [.wait(.step(Try(0)), .seconds(5))])
        #expect(!machine.happen(.timeIsOver(.step(Try(0)))).isEmpty)
        #expect(machine.statuses == [.stopping])
        machine.happen(Machine.end())
        #expect(machine.run.outcome == .timedOut)
        #expect(machine.run.cause == "timeout")
        #expect(machine.run.reason == "the step's timeout of 5s was reached")

        var whole = Machine.make(timeout: .minutes(1))
        whole.happen(.admitted)
        whole.happen(Machine.started())
        whole.happen(.timeIsOver(.run))
        whole.happen(Machine.end(0, nil, signal: 15))
        #expect(whole.run.outcome == .timedOut)
        #expect(whole.run.reason == "the run's timeout of 1m was reached")
    }

    @Test func `a timeout of a step that has ended concerns nobody`() {
        var machine = Machine.make([
            Machine.step("one") { $0.timeout = .seconds(5) }, Machine.step("two", .init("one")),
        ])
        machine.happen(.admitted)
        machine.happen(Machine.started(0))
        machine.happen(Machine.end(0))
        machine.happen(Machine.started(1))
        #expect(machine.handle(.timeIsOver(.step(Try(0))), at: start) == [])
        #expect(machine.handle(.timeIsOver(.grace(Try(0))), at: start) == [])
        #expect(machine.run.status == .running)
    }

    @Test func `a run whose process is gone with the agent is lost, and says whether it may have started`() {
        var before = Machine.make()
        before.happen(.admitted)
        #expect(before.happen(.resumed(found: [:])) == [.finish])
        #expect(before.run.outcome == .lost)
        #expect(before.run.reason?.contains("may have started") == true)

        var after = Machine.make()
        after.happen(.admitted)
        after.happen(Machine.started())
        after.happen(.resumed(found: [:]))
        #expect(after.run.outcome == .lost)
        #expect(after.run.reason?.contains("may have started") == false)
        #expect(after.run.cause == "agentCrashed")
    }

    @Test func `nothing of a run changes after it stopped`() {
        var machine = Machine.make()
        machine.happen(.admitted)
        machine.happen(Machine.started())
        machine.happen(Machine.end())
        let stopped = machine.run
        let events: [RunMachine.Event] = [
            .stopRequested(Machine.request), Machine.end(0, 1), .timeIsOver(.run), .agentStopping,
            .resumed(found: [:]), .admitted, .becameReady(Try(0)), .health(Try(0), .healthy),
        ]
        for event in events { #expect(machine.handle(event, at: start + .hours(1)) == []) }
        #expect(machine.run == stopped)
    }

    @Test func `the agent's end cancels a run with that cause`() {
        var machine = Machine.make()
        machine.happen(.admitted)
        machine.happen(Machine.started())
        machine.happen(.agentStopping)
        machine.happen(Machine.end())
        #expect(machine.run.outcome == .canceled)
        #expect(machine.run.cause == "agentStopped")
    }

    @Test func `a process that ended before its start was heard of has not ended before it began`() {
        var machine = Machine.make()
        machine.happen(.admitted)
        machine.happen(Machine.started(), after: .milliseconds(80))
        machine.happen(Machine.end(after: 50), after: .milliseconds(90))
        #expect(machine.run.steps[0].stoppedAt == start + .milliseconds(80))
        #expect(machine.run.stoppedAt == start + .milliseconds(80))
    }

    @Test func `what a run overrides replaces the first step's`() {
        var step = StepDefinition(name: "main")
        step.script = "exit 1"
        step.environment = ["A": .literal("1"), "B": .literal("1")]
        let overrides = RunOverrides(command: ["true"], environment: ["B": .literal("2")], input: "text")
        let machine = Machine.make([step], overrides: overrides)
        #expect(machine.steps[0].command == ["true"])
        #expect(machine.steps[0].script == nil)
        #expect(machine.steps[0].input == .text("text"))
        #expect(machine.steps[0].environment == ["A": .literal("1"), "B": .literal("2")])
    }
}
