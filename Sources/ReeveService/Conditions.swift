import NIOConcurrencyHelpers
import ReeveProtocol

/// In which states services are, for those that wait for one: what a service tells is there to be seen and waited for.
///
/// The engine says which services run; this says how far those that run are, and how those ended that do not.
final class Conditions: Sendable {
    struct Standing: Sendable, Equatable {
        var isReady = false
        var isHealthy = false
        /// It ended by itself and is not started again.
        var hasExited = false
        var hasSucceeded = false

        /// It has ended by itself and is not started again.
        mutating func end(as state: ServiceState) {
            hasExited = state.meets(.exited, hasProbe: false)
            hasSucceeded = state.meets(.succeeded, hasProbe: false)
        }

        mutating func forgetEnd() {
            hasExited = false
            hasSucceeded = false
        }

        func meets(_ condition: RequirementCondition) -> Bool {
            switch condition {
            case .started: true
            case .ready: isReady
            case .healthy: isHealthy
            case .exited: hasExited
            case .succeeded: hasSucceeded
            }
        }
    }

    private struct Waiter {
        var service: String
        var condition: RequirementCondition
        var isMet: Bool
        var continuation: CheckedContinuation<Void, Never>
    }

    private struct State {
        var standings: [String: Standing] = [:]
        var waiters: [Int: Waiter] = [:]
        var lastID = 0
    }

    private let state = NIOLockedValueBox(State())

    func change(_ service: String, _ body: (inout Standing) -> Void) {
        let met = state.withLockedValue { state -> [Waiter] in
            var standing = state.standings[service] ?? Standing()
            body(&standing)
            state.standings[service] = standing
            let met = state.waiters.filter { _, waiter in
                waiter.service == service && standing.meets(waiter.condition) == waiter.isMet
            }
            for id in met.keys { state.waiters[id] = nil }
            return Array(met.values)
        }
        for waiter in met { waiter.continuation.resume() }
    }

    /// Nothing is known of it any more.
    func forget(_ service: String) {
        change(service) { $0 = Standing() }
        state.withLockedValue { $0.standings[service] = nil }
    }

    func standing(of service: String) -> Standing {
        state.withLockedValue { $0.standings[service] ?? Standing() }
    }

    /// Waits until the condition holds, or (`isMet` false) no longer does. Returns early when the task is cancelled.
    func wait(for condition: RequirementCondition, of service: String, isMet: Bool = true) async {
        let id = state.withLockedValue { state in
            state.lastID += 1
            return state.lastID
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let waits = state.withLockedValue { state in
                    let standing = state.standings[service] ?? Standing()
                    guard standing.meets(condition) != isMet, !Task.isCancelled else { return false }
                    state.waiters[id] = Waiter(
                        service: service,
                        condition: condition,
                        isMet: isMet,
                        continuation: continuation
                    )
                    return true
                }
                if !waits { continuation.resume() }
            }
        } onCancel: {
            state.withLockedValue { $0.waiters.removeValue(forKey: id) }?.continuation.resume()
        }
    }
}
