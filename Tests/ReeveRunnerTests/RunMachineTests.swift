import ReeveProtocol
import ReeveRunner
import Testing

struct RunMachineTests {
    private let start = Timestamp(milliseconds: 1_795_231_211_000)

    private func machine(
        _ steps: [StepDefinition] = [StepDefinition(name: "main", command: ["true"])],
        timeout: Interval? = nil,
        overrides: RunOverrides? = nil
    ) -> RunMachine {
        var definition = TaskDefinition(id: "backup")
        definition.steps = steps
        definition.timeout = timeout
        var run = Run(id: "r", task: "backup", number: 1, revision: 1, trigger: .manual, createdAt: start)
        run.overrides = overrides
        return RunMachine(run: run, definition: definition)
    }

    private func end(_ code: Int?, signal: Int? = nil, after milliseconds: Int64 = 50) -> RunMachine.Event {
        .ended(.init(exitCode: code, signal: signal, at: start + .milliseconds(milliseconds)))
    }

    private var request: StopRequest { StopRequest(at: start, by: "uid:0", reason: "enough") }

    @Test func `the intent to start is saved before the process starts`() {
        var machine = machine()
        #expect(machine.handle(.admitted, at: start) == [.save(steps: [0]), .start(step: 0)])
        #expect(machine.run.status == .preparing)
        #expect(machine.run.steps[0].status == .preparing)
    }

    @Test func `one step that ends well is a run that succeeded`() {
        var machine = machine()
        _ = machine.handle(.admitted, at: start)
        #expect(machine.handle(.started(pid: 7), at: start) == [.save(steps: [0])])
        #expect(machine.run.status == .running)
        #expect(machine.run.steps[0].pid == 7)
        #expect(machine.handle(end(0), at: start) == [.save(steps: [0]), .finish])
        #expect(machine.run.outcome == .succeeded)
        #expect(machine.run.reason == nil)
        #expect(machine.run.stoppedAt == start + .milliseconds(50))
    }

    @Test func `steps run one after another, and one save tells of both ends`() {
        var machine = machine(["one", "two"].map { StepDefinition(name: $0, command: ["true"]) })
        _ = machine.handle(.admitted, at: start)
        _ = machine.handle(.started(pid: 7), at: start)
        #expect(machine.handle(end(0), at: start) == [.save(steps: [0, 1]), .start(step: 1)])
        #expect(machine.run.steps.map(\.status) == [.stopped, .preparing])
        #expect(machine.run.status == .running)
        _ = machine.handle(.started(pid: 8), at: start)
        #expect(machine.handle(end(0), at: start) == [.save(steps: [1]), .finish])
        #expect(machine.run.outcome == .succeeded)
    }

    @Test func `the first step that fails ends the run, and those behind it are told as skipped`() {
        var machine = machine(["one", "two", "three"].map { StepDefinition(name: $0, command: ["true"]) })
        _ = machine.handle(.admitted, at: start)
        _ = machine.handle(.started(pid: 7), at: start)
        #expect(machine.handle(end(4), at: start) == [.save(steps: [0, 1, 2]), .finish])
        #expect(machine.run.outcome == .failed)
        #expect(machine.run.cause == "exit")
        #expect(machine.run.reason == "step one: exited with 4")
        #expect(machine.run.steps.map(\.outcome) == [.failed, .skipped, .skipped])
        #expect(machine.run.steps.map(\.status) == [.stopped, .stopped, .stopped])
    }

    @Test func `an end of which nothing is known is told as that`() {
        var machine = machine()
        _ = machine.handle(.admitted, at: start)
        _ = machine.handle(.started(pid: 7), at: start)
        _ = machine.handle(end(nil), at: start)
        #expect(machine.run.outcome == .lost)
        #expect(machine.run.cause == "unknown")
        #expect(machine.run.reason == "ended, and it is not known how")
    }

    @Test func `a step ended by a signal that nobody asked for failed`() {
        var machine = machine()
        _ = machine.handle(.admitted, at: start)
        _ = machine.handle(.started(pid: 7), at: start)
        _ = machine.handle(end(nil, signal: 11), at: start)
        #expect(machine.run.outcome == .failed)
        #expect(machine.run.cause == "signal")
        #expect(machine.run.steps[0].signal == 11)
    }

    @Test func `a program that cannot be started is a failed run with the cause`() {
        var machine = machine()
        _ = machine.handle(.admitted, at: start)
        let event = RunMachine.Event.startFailed(cause: "notFound", reason: "cannot execute /x: no such file")
        #expect(machine.handle(event, at: start) == [.save(steps: [0]), .finish])
        #expect(machine.run.outcome == .failed)
        #expect(machine.run.cause == "notFound")
        #expect(machine.run.reason == "cannot execute /x: no such file")
    }

    @Test func `a stop signals, waits out the grace, kills, and takes what the step left with it`() {
        var step = StepDefinition(name: "main", command: ["sleep"])
        step.stop = StopDefinition(signal: "INT", grace: .seconds(3))
        var machine = machine([step])
        _ = machine.handle(.admitted, at: start)
        _ = machine.handle(.started(pid: 7), at: start)
        #expect(
            machine.handle(.stopRequested(request), at: start) == [
                .save(steps: []), .signal(step: 0, number: 2), .awaitGrace(step: 0, after: .seconds(3)),
            ]
        )
        #expect(machine.run.status == .stopping)
        #expect(machine.handle(.graceOver(step: 0), at: start) == [.kill(step: 0)])
        #expect(machine.handle(end(nil, signal: 9), at: start) == [.kill(step: 0), .save(steps: [0]), .finish])
        #expect(machine.run.outcome == .canceled)
        #expect(machine.run.cause == "requested")
        #expect(machine.run.reason == "stopped by uid:0: enough")
    }

    @Test func `a stop asked for between intent and start reaches the process as soon as it is there`() {
        var machine = machine()
        _ = machine.handle(.admitted, at: start)
        #expect(machine.handle(.stopRequested(request), at: start) == [.save(steps: [])])
        #expect(
            machine.handle(.started(pid: 7), at: start) == [
                .save(steps: [0]), .signal(step: 0, number: 15), .awaitGrace(step: 0, after: .seconds(10)),
            ]
        )
        #expect(machine.run.status == .stopping)
    }

    @Test func `a step and a run that take too long have timed out`() {
        var step = StepDefinition(name: "main", command: ["sleep"])
        step.timeout = .seconds(5)
        var machine = machine([step], timeout: .minutes(1))
        let admitted = machine.handle(.admitted, at: start)
        #expect(admitted == [.save(steps: [0]), .awaitRunTimeout(after: .minutes(1)), .start(step: 0)])
        let started = machine.handle(.started(pid: 7), at: start)
        #expect(started == [.save(steps: [0]), .awaitStepTimeout(step: 0, after: .seconds(5))])
        #expect(!machine.handle(.stepTimedOut(step: 0), at: start).isEmpty)
        #expect(machine.handle(.runTimedOut, at: start) == [], "it is being ended already")
        _ = machine.handle(end(0), at: start)
        #expect(machine.run.outcome == .timedOut)
        #expect(machine.run.cause == "timeout")
        #expect(machine.run.reason == "the step's timeout of 5s was reached")
    }

    @Test func `a timeout of a step that has ended concerns nobody`() {
        var first = StepDefinition(name: "one", command: ["true"])
        first.timeout = .seconds(5)
        var machine = machine([first, StepDefinition(name: "two", command: ["true"])])
        _ = machine.handle(.admitted, at: start)
        _ = machine.handle(.started(pid: 7), at: start)
        _ = machine.handle(end(0), at: start)
        _ = machine.handle(.started(pid: 8), at: start)
        #expect(machine.handle(.stepTimedOut(step: 0), at: start) == [])
        #expect(machine.handle(.graceOver(step: 0), at: start) == [])
        #expect(machine.run.status == .running)
    }

    @Test func `a run whose process is gone with the agent is lost, and says whether it may have started`() {
        var before = machine()
        _ = before.handle(.admitted, at: start)
        #expect(before.handle(.processLost, at: start) == [.save(steps: [0]), .finish])
        #expect(before.run.outcome == .lost)
        #expect(before.run.reason?.contains("may have started") == true)

        var after = machine()
        _ = after.handle(.admitted, at: start)
        _ = after.handle(.started(pid: 7), at: start)
        _ = after.handle(.processLost, at: start)
        #expect(after.run.outcome == .lost)
        #expect(after.run.reason?.contains("may have started") == false)
        #expect(after.run.cause == "agentCrashed")
    }

    @Test func `nothing of a run changes after it stopped`() {
        var machine = machine()
        _ = machine.handle(.admitted, at: start)
        _ = machine.handle(.started(pid: 7), at: start)
        _ = machine.handle(end(0), at: start)
        let stopped = machine.run
        for event in [.stopRequested(request), end(1), .runTimedOut, .agentStopping, .processLost, .admitted] {
            #expect(machine.handle(event, at: start + .hours(1)) == [])
        }
        #expect(machine.run == stopped)
    }

    @Test func `the agent's end cancels a run with that cause`() {
        var machine = machine()
        _ = machine.handle(.admitted, at: start)
        _ = machine.handle(.started(pid: 7), at: start)
        _ = machine.handle(.agentStopping, at: start)
        _ = machine.handle(end(0), at: start)
        #expect(machine.run.outcome == .canceled)
        #expect(machine.run.cause == "agentStopped")
    }

    @Test func `a process that ended before its start was heard of has not ended before it began`() {
        var machine = machine()
        _ = machine.handle(.admitted, at: start)
        _ = machine.handle(.started(pid: 7), at: start + .milliseconds(80))
        _ = machine.handle(end(0, after: 50), at: start + .milliseconds(90))
        #expect(machine.run.steps[0].stoppedAt == start + .milliseconds(80))
        #expect(machine.run.stoppedAt == start + .milliseconds(80))
    }

    @Test func `what a run overrides replaces the first step's`() {
        var step = StepDefinition(name: "main")
        step.script = "exit 1"
        step.environment = ["A": .literal("1"), "B": .literal("1")]
        let overrides = RunOverrides(command: ["true"], environment: ["B": .literal("2")], input: "text")
        let machine = machine([step], overrides: overrides)
        #expect(machine.steps[0].command == ["true"])
        #expect(machine.steps[0].script == nil)
        #expect(machine.steps[0].input == "text")
        #expect(machine.steps[0].environment == ["A": .literal("1"), "B": .literal("2")])
    }
}
