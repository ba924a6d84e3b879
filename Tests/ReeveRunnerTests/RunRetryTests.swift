import ReeveProtocol
import ReeveRunner
import Testing

/// Whether a run that has stopped is tried again.
struct RunRetryTests {
    private let now = Timestamp(milliseconds: 1_795_231_211_000)

    private func run(_ outcome: Outcome, exit code: Int? = nil, attempt: Int = 1) -> Run {
        var run = Run(id: "r", task: "t", number: 7, revision: 1, trigger: .schedule, createdAt: now)
        run.status = .stopped
        run.outcome = outcome
        run.attempt = attempt
        var step = RunStep(name: "main")
        step.exitCode = code
        run.steps = [step]
        return run
    }

    private func decide(
        _ run: Run,
        _ retry: TaskRetryDefinition? = TaskRetryDefinition(limit: 2, delay: .minutes(1)),
        isCurrent: Bool = true,
        next: Interval? = nil
    ) -> RunRetry {
        var task = TaskDefinition(id: "t", command: ["x"])
        task.retry = retry
        return RunRetry.decide(run, task, isCurrent: isCurrent, next: next.map { now + $0 }, now: now)
    }

    @Test func `a failure is tried again so often, each time later`() {
        #expect(decide(run(.failed, exit: 1)) == .at(now + .minutes(1)))
        #expect(decide(run(.failed, exit: 1, attempt: 2)) == .at(now + .minutes(2)))
        #expect(decide(run(.failed, exit: 1, attempt: 3)) == .none)
        #expect(decide(run(.failed, exit: 1), nil) == .none)
        // One that could not be started, one that was ended by a signal.
        #expect(decide(run(.failed)) == .at(now + .minutes(1)))
        #expect(decide(run(.timedOut)) == .at(now + .minutes(1)))
    }

    @Test(arguments: [Outcome.succeeded, .canceled, .lost, .skipped, .missed, .invalid])
    func `what did not fail, or may have done its work, is not`(outcome: Outcome) {
        #expect(decide(run(outcome)) == .none)
    }

    @Test func `with exit codes only after those`() {
        let some = TaskRetryDefinition(delay: .seconds(1), onExit: [75, 69])
        #expect(decide(run(.failed, exit: 75), some) == .at(now + .seconds(1)))
        #expect(decide(run(.failed, exit: 1), some) == .none)
        #expect(decide(run(.failed), some) == .none)
        #expect(decide(run(.timedOut), some) == .none)
    }

    @Test func `the next time ends it, and so does a change or a pause of the task`() {
        #expect(decide(run(.failed, exit: 1), next: .minutes(1)) == .superseded)
        #expect(decide(run(.failed, exit: 1), next: .minutes(2)) == .at(now + .minutes(1)))
        #expect(decide(run(.failed, exit: 1), isCurrent: false) == .none)
    }

    @Test func `waits grow up to their bound, however often`() {
        let retry = TaskRetryDefinition(limit: 100, delay: .seconds(10), factor: 3, maximum: .minutes(4))
        #expect((1...5).map(retry.wait) == [10, 30, 90, 240, 240].map(Interval.seconds))
        #expect(retry.wait(after: 10_000) == .minutes(4))
        #expect(TaskRetryDefinition(delay: .hours(1)).wait(after: 1) == .hours(1))
        #expect(TaskRetryDefinition().wait(after: 1) == .seconds(10))
    }
}
