import JSON
import ReeveProtocol
import ReeveRunner
import ReeveStore
import Testing

struct AdmissionTests {
    private let now = Timestamp(milliseconds: 1_795_231_211_000)

    private func run(_ number: Int, asked: Bool = false) -> Run {
        var run = Run(id: "r\(number)", task: "backup", number: number, revision: 1, trigger: .schedule, createdAt: now)
        if asked { run.stopRequest = StopRequest(at: now, by: "uid:0") }
        return run
    }

    private func decide(_ overlap: OverlapPolicy?, living: [Run]) -> Admission {
        var task = TaskDefinition(id: "backup", command: ["true"])
        task.overlap = overlap
        return Admission.decide(PendingRun(run(9), task), living: living, now: now + .seconds(90))
    }

    @Test(arguments: [nil] + OverlapPolicy.allCases)
    func `a run without another one starts`(overlap: OverlapPolicy?) {
        #expect(decide(overlap, living: []) == .start)
    }

    @Test func `by default a run that would overlap is skipped, and says which and how old the other is`() {
        let decision = decide(nil, living: [run(3)])
        #expect(
            decision
                == .refuse(.skipped, cause: "overlap", reason: "run backup/3 (r3) was still going, for 1m30s by then")
        )
    }

    @Test func `allow starts, queue waits`() {
        #expect(decide(.allow, living: [run(3)]) == .start)
        #expect(decide(.queue, living: [run(3)]) == .wait)
    }

    @Test func `replace asks those to stop that were not asked yet`() {
        #expect(decide(.replace, living: [run(3), run(4, asked: true)]) == .replace(runs: ["r3"]))
    }

    @Test func `a run by hand is refused where it would be skipped, and only there`() throws {
        var task = TaskDefinition(id: "backup", command: ["true"])
        let failure = #expect(throws: Failure.self) { try Admission.checkManual(task, living: [run(3)], now: now) }
        #expect(failure?.kind == .invalidState)
        #expect(failure?.details["run"] == "r3")
        try Admission.checkManual(task, living: [], now: now)
        task.overlap = .queue
        try Admission.checkManual(task, living: [run(3)], now: now)
    }

    // MARK: Other tries

    @Test func `another try waits for its time and is in nobody's way until then`() throws {
        let task = TaskDefinition(id: "backup", command: ["true"])
        var retry = run(4)
        retry.trigger = .retry
        retry.notBefore = now + .minutes(1)
        #expect(Admission.decide(PendingRun(retry, task), living: [run(3)], now: now) == .later(now + .minutes(1)))
        #expect(Admission.decide(PendingRun(retry, task), living: [], now: now + .minutes(1)) == .start)
        try Admission.checkManual(task, living: [retry], now: now)
        #expect(throws: Failure.self) { try Admission.checkManual(task, living: [retry], now: now + .minutes(1)) }
        // Once it has begun no clock takes that back.
        retry.status = .running
        #expect(throws: Failure.self) { try Admission.checkManual(task, living: [retry], now: now) }
    }

    @Test func `another try is skipped while the task is paused, and only then`() {
        let task = TaskDefinition(id: "backup", command: ["true"])
        var retry = run(4)
        retry.trigger = .retry
        var pause = Pause(by: "uid:7", at: now, reason: nil)
        func decide(_ run: Run) -> Admission {
            Admission.decide(PendingRun(run, task, pause: pause), living: [], now: now)
        }
        #expect(decide(retry) == .refuse(.skipped, cause: "paused", reason: "the task is paused by uid:7"))
        #expect(decide(run(5)) == .start)
        pause.until = now
        #expect(decide(retry) == .start)
        retry.notBefore = now + .minutes(1)
        pause.until = nil
        #expect(decide(retry) == .later(now + .minutes(1)))
    }

    @Test func `another try is skipped where the run of a later time has come, even before its own`() {
        var retry = run(4)
        retry.trigger = .retry
        retry.notBefore = now + .minutes(1)
        let pending = PendingRun(retry, TaskDefinition(id: "backup", command: ["true"]), successor: run(5))
        let reason = "run backup/5 of the next time has come (r5)"
        let decision = Admission.decide(pending, living: [run(5)], now: now)
        #expect(decision == .refuse(.skipped, cause: "superseded", reason: reason))
    }

    @Test func `a run whose definition is gone is lost`() {
        let reason = "the definition that it was to go by is gone"
        let decision = Admission.decide(PendingRun(run(4), nil), living: [], now: now)
        #expect(decision == .refuse(.lost, cause: "agentCrashed", reason: reason))
    }

    @Test func `another try has its time to start counted from when it may begin`() {
        var task = TaskDefinition(id: "backup", command: ["true"])
        task.startBy = .minutes(5)
        var retry = run(4)
        retry.trigger = .retry
        retry.due = now - .hours(1)
        retry.notBefore = now
        let unmet = [RequirementDefinition(.service("db"))]
        let hold = Admission.hold(until: now + .minutes(5) + .milliseconds(1))
        #expect(Admission.decide(PendingRun(retry, task, unmet: unmet), living: [], now: now) == hold)
    }

    @Test func `a full group is waited for as what is required is`() {
        var task = TaskDefinition(id: "backup", command: ["true"])
        #expect(
            Admission.decide(PendingRun(run(4), task, fullGroup: "disk"), living: [], now: now) == .hold(until: nil)
        )
        task.startBy = .minutes(5)
        var late = run(4)
        late.due = now - .minutes(6)
        let reason = "it waited for a place in group disk, longer than its startBy of 5m"
        let decision = Admission.decide(PendingRun(late, task, fullGroup: "disk"), living: [], now: now)
        #expect(decision == .refuse(.missed, cause: "startBy", reason: reason))
        #expect(Admission.decide(PendingRun(late, task), living: [], now: now) == .start)
    }

    // MARK: Requirements

    private let unmet = [RequirementDefinition(.service("db"), .healthy)]

    private func decide(_ overlap: OverlapPolicy, held: [Run], after interval: Interval = .seconds(90)) -> Admission {
        var task = TaskDefinition(id: "backup", command: ["true"])
        task.overlap = overlap
        task.startBy = .minutes(10)
        var run = run(9)
        run.due = now
        return Admission.decide(PendingRun(run, task, unmet: unmet), living: [], held: held, now: now + interval)
    }

    @Test func `what is required and is not so is waited for, and one that waits counts as one that lives`() {
        let hold = Admission.hold(until: now + .minutes(10) + .milliseconds(1))
        for overlap in OverlapPolicy.allCases { #expect(decide(overlap, held: []) == hold) }
        let reason = "run backup/3 (r3) was still waiting for its turn, for 1m30s by then"
        #expect(decide(.skip, held: [run(3)]) == .refuse(.skipped, cause: "overlap", reason: reason))
        #expect(decide(.replace, held: [run(3)]) == .replace(runs: ["r3"]))
        #expect(decide(.queue, held: [run(3)]) == .wait)
        #expect(decide(.allow, held: [run(3)]) == hold)
    }

    @Test func `a slot that waited for longer than its startBy is missed`() {
        let reason = "it waited for db to be healthy, longer than its startBy of 10m"
        #expect(decide(.queue, held: [], after: .minutes(11)) == .refuse(.missed, cause: "startBy", reason: reason))
    }
}
