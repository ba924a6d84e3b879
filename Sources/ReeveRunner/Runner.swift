package import Logging
import NIOConcurrencyHelpers
import ReeveProcess
package import ReeveProtocol
package import ReeveStore

/// Turns pending runs into processes, as many at once as it may.
///
/// Its only input is the queue in the store, with its wake signal. It may be stopped and started again at any time: the
/// processes are not its own, and it takes up again what it finds.
package final class Runner: Sendable {
    /// A run that is being carried through.
    private struct Living {
        var task: String
        var group: String?
        var orders: AsyncStream<RunSupervisor.Order>.Continuation
        var stopRequested = false
    }

    private struct State {
        var living: [String: Living] = [:]
        var isEnding = false
        /// When runs that wait for a time are looked at next, should nothing happen before.
        var alarm: Timestamp?
        var idleWaiters: [CheckedContinuation<Void, Never>] = []
    }

    private let store: Store
    private let launcher: StepLauncher
    private let clock: any Clock<Duration>
    private let wallClock: any WallClock
    private let concurrency: Int
    private let startBy: Interval?
    private let groups: [String: Int]
    private let logger: Logger
    private let state = NIOLockedValueBox(State())
    /// Raised when a run has ended, so that the next may begin.
    private let (freed, freedSender) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))

    /// Raised when the alarm was set earlier.
    private let alarmSet = Wakeup()

    /// - Parameters:
    ///   - concurrency: runs at once, at least 1.
    ///   - startBy: How late a run may begin whose task does not say that.
    ///   - groups: How many runs of a group may go on at once, where the store does not say that.
    package init(
        store: Store,
        launcher: StepLauncher,
        concurrency: Int,
        startBy: Interval? = nil,
        groups: [String: Int] = [:],
        clock: any Clock<Duration>,
        wallClock: any WallClock,
        logger: Logger
    ) {
        self.store = store
        self.launcher = launcher
        self.concurrency = concurrency
        self.startBy = startBy
        self.groups = groups
        self.clock = clock
        self.wallClock = wallClock
        self.logger = logger
    }

    /// Works until its task is cancelled, or the store fails. No process ends by that.
    package func run() async throws {
        try await withThrowingDiscardingTaskGroup { group in
            let signals = store.signals.changes(.runs)
            group.addTask { [freedSender] in
                for await _ in signals { freedSender.yield() }
                // The group is cancelled: its body is not, and has to be woken to see that.
                freedSender.yield()
            }
            group.addTask { [store] in
                for await _ in store.signals.changes(.stops) { try await self.forwardStopRequests() }
            }
            // What a run waits for may be there now, and its task may be gone.
            for topic in [Signals.Topic.serviceStates, .tasks, .groups] {
                let changes = store.signals.changes(topic)
                group.addTask { [freedSender] in
                    for await _ in changes { freedSender.yield() }
                }
            }
            group.addTask { try await self.ring() }
            for run in try await store.read({ try $0.liveRuns() }) where run.status > .pending {
                try await supervise(run, &group)
            }
            // A stop that was asked for while these were being taken up found nobody to be told.
            try await forwardStopRequests()
            freedSender.yield()
            for await _ in freed {
                guard !group.isCancelled else { break }
                try await admit(&group)
            }
        }
        try Task.checkCancellation()
    }

    // MARK: Admission

    private func admit(_ group: inout ThrowingDiscardingTaskGroup<any Error>) async throws {
        // Runs that must wait for another of their task stand in front of others: a page may hold nothing else, so that
        // the next one is looked for behind it.
        var limit = 64
        // Once full for one it is full for those behind it, though a run may end meanwhile.
        var full: Set<String> = []
        let now = wallClock.now
        if let next = try await store.read({ try $0.nextRetry(after: now) }) { wake(at: next) }
        while hasRoom {
            let limits = try await limits()
            let page = try await store.read { [limit] reader in
                var unmet: [[RequirementDefinition]: [RequirementDefinition]] = [:]
                return try reader.pendingRuns(now: now, limit: limit).map { run in
                    let definition = try reader.definition(task: run.task, revision: run.revision)
                    let requires = definition?.requires ?? []
                    let left = try unmet[requires] ?? reader.unmet(requires)
                    unmet[requires] = left
                    let task = try reader.task(run.task)
                    return PendingRun(
                        run: run,
                        definition: definition,
                        isRemoved: task == nil,
                        pause: task?.pause,
                        unmet: left,
                        successor: run.trigger == .retry ? try reader.slotRun(of: run.task, after: run.number) : nil
                    )
                }
            }
            // Where one has to wait for another, the later ones of its task do too, though what it waits for may end
            // meanwhile.
            var waiting: Set<String> = []
            var held: [String: [Run]] = [:]
            for pending in page where hasRoom && !waiting.contains(pending.run.task) {
                let task = pending.run.task
                if let name = pending.definition?.group, isFull(name, limits) { full.insert(name) }
                let fullGroup = pending.definition?.group.flatMap { full.contains($0) ? $0 : nil }
                switch try await admit(pending, held: held[task] ?? [], fullGroup: fullGroup, &group) {
                case .done: break
                case .waits: waiting.insert(task)
                case .isLater(let time): wake(at: time)
                case .isHeld(let deadline):
                    held[task, default: []].append(pending.run)
                    if let deadline { wake(at: deadline) }
                }
            }
            guard page.count == limit, hasRoom else { return }
            limit *= 4
        }
    }

    /// How many runs of a group may go on at once.
    private func limits() async throws -> [String: Int] {
        let stored = try await store.read { try $0.groups() }
        return stored.reduce(into: groups) { $0[$1.definition.name] = $1.definition.limit }
    }

    private func isFull(_ group: String, _ limits: [String: Int]) -> Bool {
        guard let limit = limits[group] else { return false }
        return state.withLockedValue { $0.living.values.count { $0.group == group } } >= limit
    }

    /// A run that waits to begin, with what it goes by.
    private struct PendingRun: Sendable {
        var run: Run
        var definition: TaskDefinition?
        var isRemoved: Bool
        var pause: Pause?
        /// What it requires and is not so.
        var unmet: [RequirementDefinition]
        /// It is another try of a slot, and this is the run of the next one.
        var successor: Run?
    }

    private enum Progress {
        /// It is dealt with.
        case done
        /// It waits for others of its task.
        case waits
        /// It waits for what it requires, until then.
        case isHeld(until: Timestamp?)
        /// Its time has not come.
        case isLater(Timestamp)
    }

    /// Looks at what waits then, if nobody does before.
    private func wake(at time: Timestamp) {
        let isNext = state.withLockedValue { state in
            guard state.alarm.map({ time < $0 }) ?? true else { return false }
            state.alarm = time
            return true
        }
        if isNext { alarmSet.set() }
    }

    /// Rings at each alarm, and when the clock is set: then its time may have come.
    private func ring() async throws {
        while !Task.isCancelled {
            guard let time = state.withLockedValue({ $0.alarm }) else {
                await alarmSet.wait()
                continue
            }
            let hasRung = try await withThrowingTaskGroup(of: Bool.self) { group in
                group.addTask { [wallClock] in
                    try await wallClock.wait(until: time)
                    return true
                }
                group.addTask { [alarmSet] in
                    await alarmSet.wait()
                    return false
                }
                defer { group.cancelAll() }
                return try await group.next() ?? false
            }
            guard hasRung else { continue }
            state.withLockedValue { if $0.alarm == time { $0.alarm = nil } }
            freedSender.yield()
        }
    }

    private var hasRoom: Bool {
        state.withLockedValue { !$0.isEnding && $0.living.count < concurrency }
    }

    /// - Parameter held: The runs of its task before it that wait for what they require.
    private func admit(
        _ pending: PendingRun,
        held: [Run],
        fullGroup: String?,
        _ group: inout ThrowingDiscardingTaskGroup<any Error>
    ) async throws -> Progress {
        let run = pending.run
        guard state.withLockedValue({ $0.living[run.id] == nil }) else { return .done }
        guard let definition = pending.definition, !pending.isRemoved else {
            try await refuse(run, .canceled, "taskRemoved", "its task was removed before it began")
            return .done
        }
        if let next = pending.successor {
            let reason = "run \(next.task)/\(next.number) of the next time has come (\(next.id))"
            try await refuse(run, .skipped, "superseded", reason)
            return .done
        }
        let living = definition.overlap == .allow ? [] : try await living(besides: run)
        let decision = Admission.decide(
            definition,
            run: run,
            living: living,
            held: definition.overlap == .allow ? [] : held,
            unmet: pending.unmet,
            fullGroup: fullGroup,
            pause: pending.pause,
            startBy: startBy,
            now: wallClock.now
        )
        switch decision {
        case .start: try await supervise(run, definition, &group)
        case .paused(let reason): try await refuse(run, .skipped, "paused", reason)
        case .wait: return .waits
        case .hold(let deadline): return .isHeld(until: deadline)
        case .later(let time): return .isLater(time)
        case .miss(let reason): try await refuse(run, .missed, "startBy", reason)
        case .skip(let reason): try await refuse(run, .skipped, "overlap", reason)
        case .replace(let runs):
            let request = StopRequest(at: wallClock.now, by: "run:\(run.id)", reason: "replaced by a newer run")
            try await store.write { transaction in
                // It may have ended since it was read.
                for id in runs where try transaction.run(id)?.status ?? .stopped < .stopped {
                    _ = try transaction.requestStop(id, request)
                }
            }
            return .waits
        }
        return .done
    }

    private func definition(of run: Run) async throws -> TaskDefinition? {
        try await store.read { try $0.definition(task: run.task, revision: run.revision) }
    }

    private func living(besides run: Run) async throws -> [Run] {
        // One that has begun here may stand as pending in the store until its first write is done.
        let begun = state.withLockedValue { $0.living.filter { $0.value.task == run.task } }
        guard !begun.isEmpty else { return [] }
        return try await store.read { try $0.liveRuns(task: run.task) }
            .filter { $0.id != run.id && ($0.status > .pending || begun[$0.id] != nil) }
    }

    private func refuse(_ run: Run, _ outcome: Outcome, _ cause: String, _ reason: String) async throws {
        var run = run
        run.status = .stopped
        run.outcome = outcome
        run.cause = cause
        run.reason = reason
        run.stoppedAt = wallClock.now
        let stopped = run
        try await store.write { transaction in
            guard try transaction.run(stopped.id)?.status == .pending || outcome == .lost else { return }
            _ = try transaction.update(stopped, steps: [])
        }
    }

    // MARK: Carrying through

    private func supervise(_ run: Run, _ group: inout ThrowingDiscardingTaskGroup<any Error>) async throws {
        // Only a task that was never there has no definition of that revision.
        guard let definition = try await definition(of: run) else {
            return try await refuse(run, .lost, "agentCrashed", "the definition that it ran by is gone")
        }
        try await supervise(run, definition, &group)
    }

    private func supervise(
        _ run: Run,
        _ definition: TaskDefinition,
        _ group: inout ThrowingDiscardingTaskGroup<any Error>
    ) async throws {
        let (orders, sender) = AsyncStream.makeStream(of: RunSupervisor.Order.self)
        state.withLockedValue { $0.living[run.id] = Living(task: run.task, group: definition.group, orders: sender) }
        let supervisor = RunSupervisor(
            store: store,
            launcher: launcher,
            clock: clock,
            now: { [wallClock] in wallClock.now },
            logger: logger
        )
        group.addTask {
            defer { self.ended(run.id) }
            try await supervisor.run(run, definition, orders: orders)
        }
    }

    private func ended(_ run: String) {
        let waiters = state.withLockedValue { state -> [CheckedContinuation<Void, Never>] in
            state.living.removeValue(forKey: run)?.orders.finish()
            guard state.living.isEmpty else { return [] }
            defer { state.idleWaiters = [] }
            return state.idleWaiters
        }
        for waiter in waiters { waiter.resume() }
        freedSender.yield()
    }

    private func forwardStopRequests() async throws {
        let unasked = state.withLockedValue { $0.living.filter { !$0.value.stopRequested }.map(\.key) }
        guard !unasked.isEmpty else { return }
        let requests = try await store.read { reader in try unasked.compactMap { try reader.run($0) } }
        for (run, request) in requests.compactMap({ run in run.stopRequest.map { (run.id, $0) } }) {
            let orders = state.withLockedValue { state -> AsyncStream<RunSupervisor.Order>.Continuation? in
                guard state.living[run]?.stopRequested == false else { return nil }
                state.living[run]?.stopRequested = true
                return state.living[run]?.orders
            }
            orders?.yield(.stop(request))
        }
    }

    // MARK: The agent's end

    /// Begins no more runs, asks those that live to end, and waits until they have.
    ///
    /// Runs whose task says `onAgentStop: wait` are let run until `deadline` is over. The end of the others is bounded by
    /// their grace: then they are killed.
    package func endRuns(waitingAtMost deadline: Duration) async {
        state.withLockedValue { $0.isEnding = true }
        let waiting = try? await store.read { reader in
            try reader.liveRuns().filter { run in
                try reader.definition(task: run.task, revision: run.revision)?.onAgentStop == .wait
            }.map(\.id)
        }
        end(except: Set(waiting ?? []))
        await withDiscardingTaskGroup { group in
            group.addTask { [clock] in
                guard (try? await clock.sleep(for: deadline)) != nil else { return }
                self.end(except: [])
            }
            await becomeIdle()
            group.cancelAll()
        }
    }

    private func end(except spared: Set<String>) {
        let orders = state.withLockedValue { state in
            state.living.filter { !spared.contains($0.key) }.map(\.value.orders)
        }
        for order in orders { order.yield(.agentStopping) }
    }

    private func becomeIdle() async {
        await withCheckedContinuation { continuation in
            let isIdle = state.withLockedValue { state in
                guard !state.living.isEmpty else { return true }
                state.idleWaiters.append(continuation)
                return false
            }
            if isIdle { continuation.resume() }
        }
    }

    /// How many runs are being carried through.
    package var livingCount: Int { state.withLockedValue { $0.living.count } }
}
