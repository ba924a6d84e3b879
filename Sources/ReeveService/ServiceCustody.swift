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
        /// A service of the same name that was put after this one had gone has another.
        var row: Int64
        var state: ServiceState
        var changes: [ServiceChange]
        /// Nothing of it runs any more, and it was removed.
        var isGone: Bool
    }

    /// What the present or last process of a service was started by.
    struct Launch: Sendable {
        var definition: ServiceDefinition
        /// The last request that had been carried out then.
        var request: Int
        /// Where in the log it begins.
        var logStart: SpoolPosition
        /// It ended with success, and nobody is to start another by itself.
        var hasCompleted = false
    }

    private struct Account: Sendable {
        let row: Int64
        var ledger: ServiceLedger
        var launch: Launch?
        /// For what its process is told to end.
        var cause: ServiceStopCause?
        /// Nothing of it runs any more, and it was removed.
        var isGone = false
    }

    private struct State {
        var accounts: [String: Account] = [:]
        var hasSwept = false
        var isEnding = false
        var recordingTrouble: String?
        var listener: AsyncStream<Void>.Continuation?
    }

    private let state = NIOLockedValueBox(State())
    private let ids = NIOLockedValueBox(UUIDv7Generator())

    package init() {}

    // MARK: Ledgers

    /// Takes over how a service stands, unless that is known already.
    func seed(_ service: StoredService) {
        let isNew = state.withLockedValue { state in
            guard state.accounts[service.name]?.row != service.row else { return false }
            var ledger = ServiceLedger(service.state) { [ids] time in ids.withLockedValue { $0.next(at: time) } }
            ledger.isHeld = service.orders.stopped != nil
            ledger.beginLife()
            state.accounts[service.name] = Account(row: service.row, ledger: ledger)
            return true
        }
        if isNew { wake() }
    }

    /// - Parameter isUrgent: Whether it is recorded at once, or with what comes next.
    func change(_ name: String, isUrgent: Bool = true, _ body: (inout ServiceLedger) -> Void) {
        state.withLockedValue { state in
            guard state.accounts[name] != nil else { return }
            body(&state.accounts[name]!.ledger)
        }
        if isUrgent { wake() }
    }

    /// How a service stands now; `nil` if there is none.
    package func standing(of name: String) -> ServiceState? {
        state.withLockedValue { $0.accounts[name]?.ledger.state }
    }

    func isHoldingBack(_ name: String) -> Bool {
        state.withLockedValue { $0.accounts[name]?.ledger.isHoldingBack ?? false }
    }

    /// Nothing of a removed service runs any more: it is forgotten once that is recorded.
    func letGo(of name: String) {
        change(name) { $0.tellHeldBack() }
        state.withLockedValue { $0.accounts[name]?.isGone = true }
        wake()
    }

    /// The agent ends, and the engine says nothing more: what is not told so far is.
    func close(at time: Timestamp) {
        state.withLockedValue { state in
            for name in state.accounts.keys {
                state.accounts[name]?.ledger.hasLeft(at: time)
                state.accounts[name]?.ledger.tellHeldBack()
            }
        }
    }

    // MARK: Recording

    /// Wake-ups for who records, the first at once; one listener at a time.
    func wakeups() -> AsyncStream<Void> {
        let (stream, continuation) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
        state.withLockedValue { $0.listener = continuation }
        continuation.yield()
        return stream
    }

    func wake() {
        state.withLockedValue { $0.listener }?.yield()
    }

    func takeEntries() -> [Entry] {
        state.withLockedValue { state in
            let names = state.accounts.filter { $0.value.ledger.isDirty || $0.value.isGone }.map(\.key).sorted()
            return names.compactMap { name in
                guard let changes = state.accounts[name]?.ledger.takeChanges(), let account = state.accounts[name]
                else {
                    return nil
                }
                return Entry(
                    name: name,
                    row: account.row,
                    state: account.ledger.state,
                    changes: changes,
                    isGone: account.isGone
                )
            }
        }
    }

    /// Why what is to be recorded is not; `nil` if it is, or if the store is away.
    var recordingTrouble: String? { state.withLockedValue { $0.recordingTrouble } }

    /// - Parameter forgotten: Those that are gone from the store too; any other was put again meanwhile.
    /// - Returns: Whether there was trouble before.
    func recorded(_ entries: [Entry], forgotten: Set<String>) -> Bool {
        state.withLockedValue { state in
            defer { state.recordingTrouble = nil }
            for entry in entries where entry.isGone && state.accounts[entry.name]?.row == entry.row {
                if forgotten.contains(entry.name) {
                    state.accounts[entry.name] = nil
                } else {
                    state.accounts[entry.name]?.isGone = false
                }
            }
            return state.recordingTrouble != nil
        }
    }

    /// - Returns: Whether this is new trouble.
    func failedToRecord(_ entries: [Entry], _ trouble: String?) -> Bool {
        state.withLockedValue { state in
            defer { state.recordingTrouble = trouble }
            for entry in entries where state.accounts[entry.name]?.row == entry.row {
                state.accounts[entry.name]?.ledger.failedToRecord(entry.changes)
            }
            return trouble != nil && state.recordingTrouble == nil
        }
    }

    // MARK: Why processes end

    /// For what a process that runs is told to end next.
    func setCause(_ cause: ServiceStopCause, of name: String) {
        state.withLockedValue { state in
            guard state.accounts[name]?.ledger.state.status.isAlive == true else { return }
            state.accounts[name]?.cause = cause
        }
    }

    func cause(of name: String) -> ServiceStopCause? {
        state.withLockedValue { $0.accounts[name]?.cause }
    }

    /// Its process has ended: the next one ends for a reason of its own.
    func dropCause(of name: String) {
        state.withLockedValue { $0.accounts[name]?.cause = nil }
    }

    /// Why a process that the engine wants to end is to end.
    func stopCause(of name: String) -> ServiceStopCause {
        state.withLockedValue { $0.isEnding ? .agentStopped : $0.accounts[name]?.cause ?? .requirement }
    }

    /// From now on every service ends for good.
    func beginEnding() {
        state.withLockedValue { $0.isEnding = true }
    }

    var isEnding: Bool { state.withLockedValue { $0.isEnding } }

    // MARK: Launches

    /// How those stand that have ended by themselves and are not started again.
    var restingStates: [String: ServiceState] {
        state.withLockedValue { state in
            state.accounts.mapValues(\.ledger.state).filter {
                $0.value.status == .completed || $0.value.status == .failed
            }
        }
    }

    func launched(_ launch: Launch) {
        state.withLockedValue { state in
            state.accounts[launch.definition.name]?.launch = launch
            // It was put again before it was known to be forgotten.
            state.accounts[launch.definition.name]?.isGone = false
        }
    }

    func launch(of name: String) -> Launch? {
        state.withLockedValue { $0.accounts[name]?.launch }
    }

    /// The process that was started last ended with success, and is not to run again by itself.
    func completed(_ name: String) {
        state.withLockedValue { $0.accounts[name]?.launch?.hasCompleted = true }
    }

    /// Whether what an agent before this one has left is to be looked for: once in the life of this one.
    func beginSweep() -> Bool {
        state.withLockedValue { state in
            defer { state.hasSwept = true }
            return !state.hasSwept
        }
    }
}
