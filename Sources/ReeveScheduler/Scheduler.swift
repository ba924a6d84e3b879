package import Logging
import NIOConcurrencyHelpers
package import ReeveProtocol
package import ReeveStore

/// Turns due slots into runs that wait to be started.
///
/// The timetable is an index in the store, so nothing of a task is in memory until it is due. One timer waits for the
/// earliest slot; nothing wakes while none is due. The task's watermark and what became of its slots are one
/// transaction, so a crash neither repeats nor loses a slot. Its only output is what it commits.
package final class Scheduler: Sendable {
    /// What holds for tasks that do not say otherwise; `nil`: what the schedule's kind suggests.
    package struct Defaults: Sendable, Hashable {
        package var missed: MissedPolicy?
        package var startBy: Interval?

        package init(missed: MissedPolicy? = nil, startBy: Interval? = nil) {
            self.missed = missed
            self.startBy = startBy
        }
    }

    /// What it has done since it was made.
    package struct Report: Sendable, Hashable {
        package var started = 0
        /// Slots that were told as missed or skipped.
        package var passed = 0
        /// What it waits for now; `nil` if no task is due by time.
        package var next: Timestamp?
        /// The clock shows a time that cannot be, and nothing is due by it until it is set.
        package var isClockWrong = false
    }

    private let store: Store
    private let earliest: Timestamp
    private let wallClock: any WallClock
    private let logger: Logger
    private let desk: Desk
    private let zones: ZoneDatabase
    private let hostZone: Zone
    private let wakeup = Wakeup()
    private let state = NIOLockedValueBox(Report())

    /// - Parameters:
    ///   - hostZone: what expressions without a zone are read in. A scheduler is made anew when it changes.
    ///   - host: what `H` hangs on in expressions, beside the task.
    ///   - earliest: A time before which it cannot be now: a clock that shows one is not set yet.
    ///   - bootID: the kernel's id of the present boot.
    package init(
        store: Store,
        zones: ZoneDatabase,
        hostZone: Zone,
        host: String,
        defaults: Defaults = Defaults(),
        earliest: Timestamp = Timestamp(seconds: 0),
        bootID: String,
        wallClock: any WallClock,
        logger: Logger
    ) {
        self.store = store
        self.earliest = earliest
        self.wallClock = wallClock
        self.logger = logger
        self.zones = zones
        self.hostZone = hostZone
        desk = Desk(
            zones: zones,
            hostZone: hostZone,
            host: host,
            defaults: defaults,
            earliest: earliest,
            agentID: store.agentID,
            bootID: bootID
        )
    }

    package var report: Report { state.withLockedValue { $0 } }

    /// Decides slots as they become due, until it is cancelled or the store closes.
    ///
    /// First it settles what happened while nobody watched: a start of the host, a change of the time zones, slots
    /// that passed. Throws what the store throws; then nothing is lost, and it can be run again.
    package func run() async throws {
        do {
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { [store, wakeup] in
                    for await _ in store.signals.changes(.tasks) { wakeup.set() }
                }
                group.addTask { try await self.work() }
                defer { group.cancelAll() }
                try await group.next()
            }
        } catch is CancellationError where Task.isCancelled {
            // It was asked to end: that is no failure.
        }
    }

    private func work() async throws {
        var watchingSince = wallClock.now
        try await settleBoot()
        try await settleZones()
        while !Task.isCancelled {
            if try await waitForRightTime() { watchingSince = wallClock.now }
            // A clock that was set back would make slots look as if they had passed before the watch began.
            watchingSince = min(watchingSince, wallClock.now)
            while try await workIsWaiting() { try await decide(watchingSince: watchingSince) }
            let next = try await store.read { reader in
                [try reader.earliestFire(), try reader.earliestResume()].compactMap { $0 }.min()
            }
            state.withLockedValue { $0.next = next }
            // Or until a task is put or changed.
            _ = try await wakeup.wait(until: next, on: wallClock)
        }
    }

    /// A host without a battery for its clock begins in the past, until somebody sets it. Whether it had to be waited for.
    private func waitForRightTime() async throws -> Bool {
        guard wallClock.now < earliest else { return false }
        state.withLockedValue { $0.isClockWrong = true }
        logger.warning(
            "the clock is not set: what is due by it waits",
            metadata: ["clock": "\(wallClock.now)", "earliest": "\(earliest)"]
        )
        while wallClock.now < earliest { try await wallClock.wait(until: earliest) }
        state.withLockedValue { $0.isClockWrong = false }
        logger.notice("the clock is set", metadata: ["clock": "\(wallClock.now)"])
        return true
    }

    /// Looks before it writes, so that a wake-up for nothing costs no transaction.
    private func workIsWaiting() async throws -> Bool {
        let now = wallClock.now
        return try await store.read { reader in
            if let fire = try reader.earliestFire(), fire <= now { return true }
            if let resume = try reader.earliestResume(), resume <= now { return true }
            return try !reader.unplannedTasks(limit: 1).isEmpty
        }
    }

    /// One transaction: slots that are due, then pauses that run out, then tasks that are new.
    private func decide(watchingSince: Timestamp) async throws {
        let outcome = try await store.write { [desk] transaction in
            try desk.decide(transaction, watchingSince: watchingSince)
        }
        note(outcome)
    }

    private func note(_ outcome: Desk.Outcome) {
        state.withLockedValue {
            $0.started += outcome.started
            $0.passed += outcome.passed
        }
        for problem in outcome.problems {
            logger.warning(
                "a task's schedule cannot be read any more",
                metadata: ["task.id": "\(problem.task)", "reason": "\(problem.reason)"]
            )
        }
    }
}

extension Scheduler {
    /// Once in each boot of the host: decides what is due by it.
    private func settleBoot() async throws {
        let bootID = desk.bootID
        guard try await store.read({ try $0.meta(Desk.bootKey) }) != bootID else { return }
        let since = wallClock.now
        var last: Int64 = 0
        while true {
            let found = try await store.read { [last] reader in
                try reader.tasksWaitingForBoot(bootID, after: last, limit: Desk.pageSize)
            }
            guard !found.ids.isEmpty else { break }
            note(try await store.write { [desk] in try desk.decideBoot($0, found.ids, runningSince: since) })
            last = found.last
        }
        try await store.write { try $0.setMeta(Desk.bootKey, bootID) }
    }

    /// When the zone files or the host's zone are not what the next slots were computed from, all are computed anew.
    private func settleZones() async throws {
        // The host's name is what `H` hangs on.
        let fingerprint = "\(zones.fingerprint(hostZone: hostZone)) \(desk.host)"
        let known = try await store.read { try $0.meta(Desk.zonesKey) }
        guard known != fingerprint else { return }
        if known != nil { logger.notice("the time zones have changed", metadata: ["zone.host": "\(hostZone.name)"]) }
        try await store.write { transaction in
            if known != nil { try transaction.forgetPlans() }
            try transaction.setMeta(Desk.zonesKey, fingerprint)
        }
    }
}
