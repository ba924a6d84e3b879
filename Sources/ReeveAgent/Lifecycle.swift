import JSON
import Logging
import NIOConcurrencyHelpers
import ReeveEngine
import ReeveProtocol
import ReeveRunner
import ReeveService
import ReeveStore
import ReeveSubmitter

/// How an agent begins and ends, beside what the engine does by itself.
final class Lifecycle: Sendable {
    private let environment: Agent.Environment
    private let live: LiveConfiguration
    private let parts = NIOLockedValueBox<Parts?>(nil)
    private let hasBegun = NIOLockedValueBox(false)
    private let hasWaited = NIOLockedValueBox(false)
    private let (used, usedSender) = AsyncStream.makeStream(of: Parts.self, bufferingPolicy: .bufferingNewest(1))

    init(environment: Agent.Environment, live: LiveConfiguration) {
        self.environment = environment
        self.live = live
    }

    /// The store while it is there, as far as the socket has been started once.
    var store: Store? { parts.withLockedValue { $0?.storeHandle.value } }

    func use(_ parts: Parts) {
        self.parts.withLockedValue { $0 = parts }
        usedSender.yield(parts)
    }

    /// Told once for each life of the agent, with the first store that could be opened.
    func begin(with store: Store) async throws {
        guard !hasBegun.withLockedValue({ $0 }) else { return }
        let name = live.current.name
        let notices = store.notices
        let endpoints = try live.current.endpoints.map { try EndpointPreparation($0) }
        let foreign = try await store.write { transaction in
            if try transaction.meta("running") != nil {
                try transaction.tell("crashed", "agent \(name) was not ended in order the last time", agent: name)
            }
            try transaction.loseServices()
            try transaction.setMeta("running", transaction.now.description)
            try transaction.tell("started", "agent \(name) started", agent: name)
            let foreign = try transaction.foreign(endpoints)
            try transaction.putConfigured(endpoints, except: Set(foreign.map(\.name)))
            return foreign
        }
        // A reload puts them, when the others are gone.
        live.leaveOut(Set(foreign.map(\.name)))
        for endpoint in foreign {
            environment.logger.warning(
                "an endpoint of the configuration is not put, for there is one of that name",
                metadata: ["endpoint": "\(endpoint.name)", "source": "\(endpoint.source)"]
            )
        }
        // Not before: what could not be written is for the next store to write.
        hasBegun.withLockedValue { $0 = true }
        for notice in notices { environment.logger.warning("\(notice)") }
    }

    /// Waits, once in the life of the agent, until the parts that clients need have started.
    ///
    /// Who connects to start the agent, as systemd lets clients do, is to be answered and not to be told that the agent is
    /// starting. Where a part cannot start, that is to be told before long.
    func firstStart(of engine: Engine) async {
        let isFirst = hasWaited.withLockedValue { waited in
            defer { waited = true }
            return !waited
        }
        guard isFirst else { return }
        await withTaskGroup(of: Void.self) { group in
            // Either ends early only when the agent ends.
            group.addTask { try? await engine.started(Set(Readiness.parts).subtracting(["socket"])) }
            group.addTask { [environment] in try? await environment.clock.sleep(for: .seconds(2)) }
            await group.next()
            group.cancelAll()
        }
    }

    /// What there is to do, in a line; without a store only that there is none.
    func summary() async -> String {
        let parts = parts.withLockedValue { $0 }
        guard let store = parts?.storeHandle.value, let statistics = try? await store.statistics() else {
            return "no store"
        }
        let due = try? await store.read { try $0.nextDue() }
        let endpoints = parts?.submitterHandle.value?.status() ?? []
        let down = endpoints.filter { $0.overview.state != .active }.map(\.name)
        var texts = ["\(statistics.tasks) tasks", "\(statistics.liveRuns) runs"]
        if statistics.services > 0 {
            texts.append("\(statistics.services) services")
        }
        if let due = due ?? nil { texts.append("next \(due.task) at \(due.time)") }
        texts.append(down.isEmpty ? "\(endpoints.count) endpoints" : "endpoints down: \(down.joined(separator: ", "))")
        return texts.joined(separator: ", ")
    }

    /// Calls back whenever what ``summary()`` says may have changed, at most once a second; until its task is cancelled.
    func followStore(_ changed: @escaping @Sendable () -> Void) async {
        var first = used.makeAsyncIterator()
        guard let parts = await first.next() else { return }
        var known: Store?
        while let store = try? await parts.storeHandle.present(otherThan: known) {
            known = store
            let (wakeups, sender) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
            await withDiscardingTaskGroup { group in
                for topic in [Signals.Topic.journal, .plans] {
                    let changes = store.signals.changes(topic)
                    group.addTask {
                        for await _ in changes { sender.yield() }
                        sender.finish()
                    }
                }
                for await _ in wakeups {
                    changed()
                    guard (try? await environment.clock.sleep(for: .seconds(1))) != nil else { break }
                }
                group.cancelAll()
            }
        }
    }

    func stop(engine: Engine, flushTime: Duration) async {
        let logger = environment.logger
        let parts = parts.withLockedValue { $0 }
        if let store = parts?.storeHandle.value {
            let name = live.current.name
            // Without a store that can be written there is nobody to tell it to.
            try? await store.write { try $0.tell("stopping", "agent \(name) is stopping", agent: name) }
        }
        await stopPart("socket", engine, logger)
        await stopPart(Part.scheduler.name, engine, logger)
        await parts?.runnerHandle.value?.endRuns(waitingAtMost: live.current.stopTimeout.duration)
        await stopPart(Part.runner.name, engine, logger)
        await services(parts)?.end(within: live.current.stopTimeout.duration)
        await stopPart(Part.services.name, engine, logger)
        if let submitter = parts?.submitterHandle.value {
            let report = try? await submitter.flush(deadline: flushTime)
            for endpoint in report?.endpoints ?? [] where endpoint.pending > 0 {
                logger.notice(
                    "changes are left for the next start",
                    metadata: ["endpoint": "\(endpoint.name)", "pending": "\(endpoint.pending)"]
                )
            }
        }
        await stopPart(Part.submitter.name, engine, logger)
        if let store = parts?.storeHandle.value { try? await store.write { try $0.setMeta("running", nil) } }
        engine.shutdown()
    }

    /// Nobody else ends services: where the part restarts just now, it is waited for.
    private func services(_ parts: Parts?) async -> Services? {
        guard let handle = parts?.servicesHandle else { return nil }
        return await withTaskGroup(of: Void.self) { group in
            group.addTask { _ = try? await handle.present() }
            group.addTask { [environment] in try? await environment.clock.sleep(for: .seconds(5)) }
            await group.next()
            group.cancelAll()
            return handle.value
        }
    }

    private func stopPart(_ name: String, _ engine: Engine, _ logger: Logger) async {
        do {
            try engine.stop(name)
            try await engine.stopped([name])
        } catch {
            logger.warning("cannot stop a part", metadata: ["part": "\(name)", "error": "\(error)"])
        }
    }
}
