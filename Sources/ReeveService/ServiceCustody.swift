import NIOConcurrencyHelpers
import ReeveProcess
package import ReeveProtocol
import ReeveStore

/// What outlives a bounce of the part that keeps the services: how each stands, what is not recorded yet, and for what
/// the processes are told to end. There is one for the life of an agent.
package final class ServiceCustody: Sendable {
    /// What is to be written of one service.
    struct Entry: Sendable {
        var name: String
        var state: ServiceState
        var changes: [ServiceChange]
        /// Nothing of it runs any more, and it was removed.
        var isGone: Bool
    }

    private struct State {
        var ledgers: [String: ServiceLedger] = [:]
        var gone: Set<String> = []
        var causes: [String: ServiceStopCause] = [:]
        /// Those that have ended with success and are not to run again by themselves.
        var completed: Set<String> = []
        /// Those tasks on whose success somebody has counted already.
        var succeededTasks: Set<String> = []
        /// By what the present process was started, and where in its log it begins.
        var launches: [String: (definition: ServiceDefinition, logStart: SpoolPosition)] = [:]
        /// Processes of an agent before this one may be left of these.
        var leftovers: Set<String> = []
        var isEnding = false
        var listener: AsyncStream<Void>.Continuation?
    }

    private let state = NIOLockedValueBox(State())
    private let ids = NIOLockedValueBox(UUIDv7Generator())

    package init() {}

    // MARK: Ledgers

    /// Takes over how a service stands, unless that is known already.
    /// - Parameters:
    ///   - isRunning: A process of it is known.
    func seed(_ service: StoredService, isRunning: Bool, at time: Timestamp) {
        let isNew = state.withLockedValue { state in
            guard state.ledgers[service.name] == nil else { return false }
            var ledger = ServiceLedger(service.state) { [ids] time in ids.withLockedValue { $0.next(at: time) } }
            ledger.isHeld = service.orders.stopped != nil
            ledger.beginLife()
            if service.state.status.isAlive, !isRunning {
                ledger.wasLost(at: time)
                state.leftovers.insert(service.name)
            }
            state.ledgers[service.name] = ledger
            return true
        }
        if isNew { wake() }
    }

    func change(_ name: String, _ body: (inout ServiceLedger) -> Void) {
        state.withLockedValue { state in
            guard var ledger = state.ledgers[name] else { return }
            state.ledgers[name] = nil  // so that it is changed in place
            body(&ledger)
            state.ledgers[name] = ledger
        }
        wake()
    }

    /// How a service stands now; `nil` if there is none.
    package func standing(of name: String) -> ServiceState? {
        state.withLockedValue { $0.ledgers[name]?.state }
    }

    /// Nothing of a removed service runs any more: it is forgotten once that is recorded.
    func letGo(of name: String) {
        state.withLockedValue { state in
            state.gone.insert(name)
            state.causes[name] = nil
            state.completed.remove(name)
        }
        wake()
    }

    // MARK: Recording

    /// Wake-ups for who records, the first at once; one listener at a time.
    func wakeups() -> AsyncStream<Void> {
        let (stream, continuation) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
        state.withLockedValue { $0.listener = continuation }
        continuation.yield()
        return stream
    }

    private func wake() {
        state.withLockedValue { $0.listener }?.yield()
    }

    func takeEntries() -> [Entry] {
        state.withLockedValue { state in
            let names = state.ledgers.filter { $0.value.isDirty }.map(\.key) + state.gone
            return Set(names).sorted().compactMap { name in
                guard let changes = state.ledgers[name]?.takeChanges(), let standing = state.ledgers[name]?.state else {
                    state.gone.remove(name)
                    return nil
                }
                return Entry(name: name, state: standing, changes: changes, isGone: state.gone.contains(name))
            }
        }
    }

    func recorded(_ entries: [Entry]) {
        state.withLockedValue { state in
            for entry in entries where entry.isGone {
                state.gone.remove(entry.name)
                // It may have been put again meanwhile.
                guard state.ledgers[entry.name]?.isDirty == false else { continue }
                state.ledgers[entry.name] = nil
                state.launches[entry.name] = nil
            }
        }
    }

    func failedToRecord(_ entries: [Entry]) {
        state.withLockedValue { state in
            for entry in entries { state.ledgers[entry.name]?.failedToRecord(entry.changes) }
        }
    }

    // MARK: Why processes end

    /// For what a process is told to end next.
    func setCause(_ cause: ServiceStopCause?, of name: String) {
        state.withLockedValue { $0.causes[name] = cause }
    }

    func cause(of name: String) -> ServiceStopCause? {
        state.withLockedValue { $0.causes[name] }
    }

    /// Why a process that the engine wants to end is to end.
    func stopCause(of name: String) -> ServiceStopCause {
        state.withLockedValue { $0.isEnding ? .agentStopped : $0.causes[name] ?? .requirement }
    }

    /// From now on every service ends for good.
    func beginEnding() {
        state.withLockedValue { $0.isEnding = true }
    }

    var isEnding: Bool { state.withLockedValue { $0.isEnding } }

    // MARK: Facts for the next start

    /// How those stand that have ended by themselves and are not started again.
    var restingStates: [String: ServiceState] {
        state.withLockedValue { state in
            state.ledgers.mapValues(\.state).filter { $0.value.status == .completed || $0.value.status == .failed }
        }
    }

    /// The task has succeeded for those that wait for that: whatever it does later.
    func latch(task id: String) {
        state.withLockedValue { _ = $0.succeededTasks.insert(id) }
    }

    func isLatched(task id: String) -> Bool {
        state.withLockedValue { $0.succeededTasks.contains(id) }
    }

    func setCompleted(_ isCompleted: Bool, _ name: String) {
        state.withLockedValue { state in
            if isCompleted { state.completed.insert(name) } else { state.completed.remove(name) }
        }
    }

    func hasCompleted(_ name: String) -> Bool {
        state.withLockedValue { $0.completed.contains(name) }
    }

    func launched(_ definition: ServiceDefinition, logStart: SpoolPosition) {
        state.withLockedValue { $0.launches[definition.name] = (definition, logStart) }
    }

    func logStart(of name: String) -> SpoolPosition? {
        state.withLockedValue { $0.launches[name]?.logStart }
    }

    func launchedDefinition(of name: String) -> ServiceDefinition? {
        state.withLockedValue { $0.launches[name]?.definition }
    }

    /// Whether there may be processes of an agent before this one; asked once.
    func takeLeftovers(of name: String) -> Bool {
        state.withLockedValue { $0.leftovers.remove(name) != nil }
    }
}
