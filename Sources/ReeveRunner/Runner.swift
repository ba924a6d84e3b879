package import Logging
import NIOConcurrencyHelpers
import ReeveLaunch
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
        /// Where what reaches it from outside is told.
        var events: AsyncStream<RunMachine.Event>.Continuation
        /// What becomes of it when the agent stops.
        var onAgentStop: AgentStopPolicy
        /// What it was told of being stopped.
        var told: StopRequest?
    }

    private struct State {
        var living: [String: Living] = [:]
        var isEnding = false
        /// Those that go on without the agent.
        var surviving: Set<String> = []
        var idleWaiters: [CheckedContinuation<Void, Never>] = []

        /// Nothing goes on that has to be waited for.
        var isIdle: Bool { living.keys.allSatisfy(surviving.contains) }
    }

    private let store: Store
    private let launcher: StepLauncher
    private let clock: any Clock<Duration>
    private let wallClock: any WallClock
    private let limits: RunLimits
    private let logger: Logger
    private let state = NIOLockedValueBox(State())
    /// Raised when a run has ended, so that the next may begin.
    private let (freed, freedSender) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
    /// When runs that wait for a time are looked at next, should nothing happen before.
    private let alarm = Alarm()
    private let progress: ProgressTeller

    package init(
        store: Store,
        launcher: StepLauncher,
        limits: RunLimits,
        clock: any Clock<Duration>,
        wallClock: any WallClock,
        logger: Logger
    ) {
        self.store = store
        self.launcher = launcher
        self.limits = limits
        self.clock = clock
        self.wallClock = wallClock
        self.logger = logger
        progress = ProgressTeller(store: store, clock: clock)
    }

    /// Works until its task is cancelled, or the store fails; once only. No process ends by that.
    package func run() async throws {
        do {
            try await work()
        } catch {
            await launcher.prober.shutDown()
            throw error
        }
    }

    private func work() async throws -> Never {
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
            // What a run waits for may be there now.
            for topic in [Signals.Topic.serviceStates, .groups] {
                let changes = store.signals.changes(topic)
                group.addTask { [freedSender] in
                    for await _ in changes { freedSender.yield() }
                }
            }
            group.addTask { [alarm, wallClock, freedSender] in
                try await alarm.run(on: wallClock) { freedSender.yield() }
            }
            group.addTask { [progress, wallClock] in
                try await progress.run(now: { wallClock.now }, living: { self.livingRuns })
            }
            let begun = try await store.read { reader in
                try reader.liveRuns().filter { $0.status > .pending }.map { run in
                    (run, try reader.definition(task: run.task, revision: run.revision))
                }
            }
            launcher.dropLeftovers(living: begun.map(\.0))
            for (run, definition) in begun { try await supervise(run, definition, &group) }
            // A stop that was asked for while these were being taken up found nobody to be told.
            try await forwardStopRequests()
            freedSender.yield()
            for await _ in freed {
                guard !group.isCancelled else { break }
                try await admit(&group)
            }
        }
        throw CancellationError()
    }

    // MARK: Admission

    private func admit(_ group: inout ThrowingDiscardingTaskGroup<any Error>) async throws {
        let now = wallClock.now
        // Runs that must wait for another of their task stand in front of others: a page may hold nothing else, so that
        // the next one is looked for behind it. Few are looked at where few may begin.
        var limit = max(4, min(64, limits.concurrency - livingCount))
        // Together, so that no run begins that was made after a limit was lowered.
        var (stored, times, overdue, page) = try await store.read { [limit] reader in
            let times = [try reader.nextRetry(after: now), try reader.nextOverdue(after: now)]
            let overdue = try reader.overdue(now: now, limit: Self.overdueAtOnce)
            return (try reader.groups(), times, overdue, try reader.queue(now: now, limit: limit))
        }
        for time in times.compactMap(\.self) { alarm.set(to: time) }
        try await giveUp(overdue, stored)
        // Once full for one it is full for those behind it, though a run may end meanwhile.
        var full: Set<String> = []
        var isFirst = overdue.isEmpty
        while hasRoom(limits.places(with: stored)) {
            if !isFirst {
                (stored, page) = try await store.read { [limit] reader in
                    (try reader.groups(), try reader.queue(now: now, limit: limit))
                }
            }
            isFirst = false
            let (places, groups) = (limits.places(with: stored), limits.groups(with: stored))
            // Where one has to wait for another, the later ones of its task do too, though what it waits for may end
            // meanwhile.
            var waiting: Set<String> = []
            var held: [String: [Run]] = [:]
            for var pending in page where !waiting.contains(pending.run.task) && !isLiving(pending.run) {
                // Nor does a later one go past it where a place becomes free just now.
                guard hasRoom(places) else { break }
                let run = pending.run
                if let name = pending.definition?.group {
                    if isFull(name, groups[name]) { full.insert(name) }
                    pending.fullGroup = full.contains(name) ? name : nil
                }
                switch try await decide(pending, held: held[run.task] ?? []) {
                case .start: try await supervise(run, pending.definition, &group)
                case .refuse(let outcome, let cause, let reason): try await refuse(run, outcome, cause, reason)
                case .wait: waiting.insert(run.task)
                case .replace(let runs):
                    try await stop(runs, for: run)
                    waiting.insert(run.task)
                case .later(let time): alarm.set(to: time)
                case .hold(let deadline):
                    held[run.task, default: []].append(run)
                    if let deadline { alarm.set(to: deadline) }
                }
            }
            guard page.count == limit, hasRoom(places) else { return }
            limit *= 4
        }
    }

    private static let overdueAtOnce = 256

    /// Ends runs that have waited for too long: here, and not in their turn, since that may never come.
    private func giveUp(_ overdue: [PendingRun], _ stored: [StoredGroup]) async throws {
        let (places, groups) = (limits.places(with: stored), limits.groups(with: stored))
        // An agent that ends is not what they waited for: the next one sees to them.
        for var pending in overdue where !isLiving(pending.run) && !isEnding {
            pending.isPlaceFree = hasRoom(places)
            pending.fullGroup = pending.definition?.group.flatMap { isFull($0, groups[$0]) ? $0 : nil }
            guard case .refuse(let outcome, let cause, let reason) = try await decide(pending) else { continue }
            try await refuse(pending.run, outcome, cause, reason)
        }
        if overdue.count == Self.overdueAtOnce { freedSender.yield() }
    }

    private func decide(_ pending: PendingRun, held: [Run] = []) async throws -> Admission {
        Admission.decide(
            pending,
            living: try await living(besides: pending),
            held: held,
            startBy: limits.startBy,
            now: wallClock.now
        )
    }

    private var isEnding: Bool { state.withLockedValue { $0.isEnding } }

    private func hasRoom(_ places: Int) -> Bool {
        state.withLockedValue { !$0.isEnding && $0.living.count < places }
    }

    private func isLiving(_ run: Run) -> Bool {
        state.withLockedValue { $0.living[run.id] != nil }
    }

    private func isFull(_ group: String, _ limit: Int?) -> Bool {
        guard let limit else { return false }
        return state.withLockedValue { $0.living.values.count { $0.group == group } } >= limit
    }

    private func stop(_ runs: [String], for run: Run) async throws {
        let request = StopRequest(at: wallClock.now, by: "run:\(run.id)", reason: "replaced by a newer run")
        try await store.write { transaction in
            // It may have ended since it was read.
            for id in runs where try transaction.run(id)?.status ?? .stopped < .stopped {
                _ = try transaction.requestStop(id, request)
            }
        }
    }

    private func living(besides pending: PendingRun) async throws -> [Run] {
        let run = pending.run
        // Nobody is in the way of one that may overlap with all others.
        guard pending.definition?.overlap != .allow else { return [] }
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
            _ = try transaction.update(stopped)
        }
    }

    // MARK: Carrying through

    private func supervise(
        _ run: Run,
        _ definition: TaskDefinition?,
        _ group: inout ThrowingDiscardingTaskGroup<any Error>
    ) async throws {
        // Only a task that was never there has no definition of that revision.
        guard let definition else {
            return try await refuse(run, .lost, "agentCrashed", "the definition that it ran by is gone")
        }
        let events = AsyncStream.makeStream(of: RunMachine.Event.self)
        var run = run
        // One that has begun stays what it is, whatever the configuration says by now.
        if run.status == .pending, (definition.runner ?? launcher.kind) == .systemd { run.runner = .systemd }
        let living = Living(
            task: run.task,
            group: definition.group,
            events: events.continuation,
            onAgentStop: definition.onAgentStop ?? (run.runner == .systemd ? .survive : .stop)
        )
        let isAlone = state.withLockedValue { state in
            defer { state.living[run.id] = living }
            return state.living.isEmpty
        }
        if isAlone { progress.runBegan() }
        let supervisor = RunSupervisor(
            run,
            definition,
            events: events,
            store: store,
            launcher: launcher,
            clock: clock,
            now: { [wallClock] in wallClock.now },
            logger: logger
        )
        group.addTask { [id = run.id] in
            defer { self.ended(id) }
            try await supervisor.run()
        }
    }

    private func ended(_ run: String) {
        let waiters = state.withLockedValue { state -> [CheckedContinuation<Void, Never>] in
            state.living.removeValue(forKey: run)?.events.finish()
            guard state.isIdle else { return [] }
            defer { state.idleWaiters = [] }
            return state.idleWaiters
        }
        for waiter in waiters { waiter.resume() }
        freedSender.yield()
    }

    private func forwardStopRequests() async throws {
        let living = livingRuns
        guard !living.isEmpty else { return }
        let requests = try await store.read { reader in
            try living.compactMap { id in try reader.run(id)?.stopRequest.map { (id, $0) } }
        }
        for (run, request) in requests {
            let events = state.withLockedValue { state -> AsyncStream<RunMachine.Event>.Continuation? in
                guard state.living[run]?.told != request else { return nil }
                state.living[run]?.told = request
                return state.living[run]?.events
            }
            events?.yield(.stopRequested(request))
        }
    }

    // MARK: The agent's end

    /// Begins no more runs, asks those that live to end, and waits until they have.
    ///
    /// Runs whose task says `onAgentStop: wait` are let run until `deadline` is over. Those that are systemd's go on, and
    /// nobody waits, unless their task says something else. The end of the others is bounded by their grace: then they are
    /// killed.
    package func endRuns(waitingAtMost deadline: Duration) async {
        state.withLockedValue { $0.isEnding = true }
        let (surviving, waiting) = state.withLockedValue { state in
            func those(_ policy: AgentStopPolicy) -> Set<String> {
                Set(state.living.filter { $0.value.onAgentStop == policy }.keys)
            }
            state.surviving = those(.survive)
            return (state.surviving, those(.wait))
        }
        end(except: surviving.union(waiting))
        await withDiscardingTaskGroup { group in
            group.addTask { [clock] in
                guard (try? await clock.sleep(for: deadline)) != nil else { return }
                self.end(except: surviving)
            }
            await becomeIdle()
            group.cancelAll()
        }
    }

    private func end(except spared: Set<String>) {
        let ended = state.withLockedValue { state in
            state.living.filter { !spared.contains($0.key) }.map(\.value.events)
        }
        for events in ended { events.yield(.agentStopping) }
    }

    private func becomeIdle() async {
        await withCheckedContinuation { continuation in
            let isIdle = state.withLockedValue { state in
                guard !state.isIdle else { return true }
                state.idleWaiters.append(continuation)
                return false
            }
            if isIdle { continuation.resume() }
        }
    }

    private var livingRuns: [String] { state.withLockedValue { Array($0.living.keys) } }

    /// How many runs are being carried through.
    package var livingCount: Int { state.withLockedValue { $0.living.count } }
}
