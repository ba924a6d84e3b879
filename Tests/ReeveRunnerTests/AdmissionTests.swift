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

    private static let overlaps: [OverlapPolicy] = [.skip, .queue, .replace, .allow, .allow(most: 1), .allow(most: 2)]

    @Test(arguments: [nil] + overlaps)
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

    @Test func `allow with a number starts up to so many, those that wait for their turn included, and skips one more`()
    {
        #expect(decide(.allow(most: 3), living: [run(3), run(4)]) == .start)
        let reason =
            "2 runs were still going or waiting for their turn, the first of them run backup/3 (r3), for 1m30s by then"
        let skip = Admission.refuse(.skipped, cause: "overlap", reason: reason)
        #expect(decide(.allow(most: 2), living: [run(3), run(4)]) == skip)
        var task = TaskDefinition(id: "backup", command: ["true"])
        task.overlap = .allow(most: 2)
        let pending = PendingRun(run(9), task)
        #expect(Admission.decide(pending, living: [run(3)], held: [run(4)], now: now + .seconds(90)) == skip)
        #expect(Admission.decide(pending, living: [], held: [run(4)], now: now) == .start)
        #expect(decide(.allow(most: 1), living: [run(3)]) == decide(.skip, living: [run(3)]))
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
        task.overlap = .allow(most: 2)
        try Admission.checkManual(task, living: [run(3)], now: now)
        let full = #expect(throws: Failure.self) {
            try Admission.checkManual(task, living: [run(3), run(4)], now: now)
        }
        #expect(full?.message == "2 runs of this task are still going, the first of them backup/3")
        #expect(full?.reason == "overlap is allow(2)")
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

    // MARK: Tries that somebody asks for

    @Test func `a try that somebody asked for goes on though a later time has come or the task is paused`() {
        var retry = run(4)
        retry.trigger = .retry
        retry.by = "uid:0"
        let pause = Pause(by: "uid:7", at: now, reason: nil)
        let pending = PendingRun(
            retry,
            TaskDefinition(id: "backup", command: ["true"]),
            pause: pause,
            successor: run(5)
        )
        #expect(Admission.decide(pending, living: [], now: now) == .start)
    }

    @Test func `of a slot that is long over it waits for its group as if it was run by hand`() {
        var task = TaskDefinition(id: "backup", command: ["true"])
        task.startBy = .minutes(5)
        var retry = run(4)
        retry.trigger = .retry
        retry.due = now - .days(1)
        let pending = { PendingRun(retry, task, fullGroup: "disk") }
        #expect(Admission.decide(pending(), living: [], now: now) != .hold(until: nil))
        retry.by = "uid:0"
        #expect(Admission.decide(pending(), living: [], now: now) == .hold(until: nil))
    }

    @Test(arguments: [Outcome.failed, .timedOut, .canceled, .lost, .skipped, .missed, .invalid])
    func `what did not succeed may be tried again`(outcome: Outcome) throws {
        var failed = run(4)
        (failed.status, failed.outcome) = (.stopped, outcome)
        try Admission.checkRetry(of: failed)
    }

    @Test func `what succeeded or has not ended is not tried again, with what to do instead`() {
        var done = run(4)
        (done.status, done.outcome) = (.stopped, .succeeded)
        let failure = #expect(throws: Failure.self) { try Admission.checkRetry(of: done) }
        #expect(failure?.kind == .invalidState && failure?.hint == "reeve run backup runs the task once more")
        for status in [RunStatus.pending, .preparing, .running, .stopping] {
            var living = run(4)
            living.status = status
            let failure = #expect(throws: Failure.self) { try Admission.checkRetry(of: living) }
            #expect(failure?.message == "run backup/4 has not ended: it is \(status)")
            #expect(failure?.hint == "wait for it or stop it: reeve wait backup/4, reeve stop backup/4")
        }
    }

    // MARK: Time in the queue

    /// One that has waited for ten minutes, which is as long as it may.
    private func overdue(_ overlap: OverlapPolicy? = nil, _ change: (inout PendingRun) -> Void = { _ in }) -> PendingRun
    {
        var task = TaskDefinition(id: "backup", command: ["true"])
        task.queueTimeout = .minutes(10)
        task.overlap = overlap
        var run = run(9)
        run.trigger = .manual
        run.notAfter = now
        var pending = PendingRun(run, task)
        change(&pending)
        return pending
    }

    private func missed(_ reason: String) -> Admission {
        .refuse(.missed, cause: "queueTimeout", reason: reason + " longer than its queueTimeout of 10m")
    }

    @Test func `a run that has waited for too long is missed, and says what for`() {
        func decide(_ pending: PendingRun, living: [Run] = []) -> Admission {
            Admission.decide(pending, living: living, now: now)
        }
        let place = overdue { $0.isPlaceFree = false }
        #expect(decide(place) == missed("it waited for a free place,"))
        let group = overdue {
            $0.fullGroup = "disk"
            $0.isPlaceFree = false
        }
        #expect(decide(group) == missed("it waited for a place in group disk and for a free place,"))
        let required = overdue { $0.unmet = unmet }
        #expect(decide(required) == missed("it waited for db to be healthy,"))
        for overlap in [OverlapPolicy.queue, .replace] {
            #expect(decide(overdue(overlap), living: [run(3)]) == missed("it waited for run backup/3 to end,"))
        }
        // The agent was away: what might keep it from beginning now is nothing that it waited for.
        #expect(decide(overdue(.skip), living: [run(3)]) == missed("nobody could begin it for"))
        #expect(decide(overdue()) == missed("nobody could begin it for"))
    }

    @Test func `until then it waits, or begins`() {
        let before = now - .milliseconds(1)
        #expect(Admission.decide(overdue(), living: [], now: before) == .start)
        let group = overdue { $0.fullGroup = "disk" }
        #expect(Admission.decide(group, living: [], now: before) == .hold(until: now))
        // Whichever is over first.
        let slot = overdue {
            $0.fullGroup = "disk"
            $0.definition?.startBy = .minutes(5)
            $0.run.due = now - .minutes(6)
        }
        guard case .refuse(.missed, cause: "startBy", _) = Admission.decide(slot, living: [], now: before) else {
            Issue.record("its startBy was over")
            return
        }
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
        for overlap in Self.overlaps { #expect(decide(overlap, held: []) == hold) }
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
