import NIOConcurrencyHelpers

/// The ``RequestPlaces`` of all senders: who has to wait for one is suspended.
final class SharedPlaces: Sendable {
    private struct State {
        var places: RequestPlaces
        var waiters: [Int: CheckedContinuation<Bool, Never>] = [:]
        var lastTicket = 0
    }

    private let state: NIOLockedValueBox<State>

    init(limit: Int) {
        state = NIOLockedValueBox(State(places: RequestPlaces(limit: limit)))
    }

    /// Does something in a place of the endpoint's; throws `CancellationError` if the task is cancelled before there is one.
    func with<Value: Sendable>(_ endpoint: String, _ body: () async -> Value) async throws -> Value {
        guard await take(endpoint) else { throw CancellationError() }
        defer { resume { $0.giveBack(endpoint) } }
        return await body()
    }

    func endpointsChanged(_ count: Int) {
        resume { $0.endpointsChanged(count) }
    }

    /// Requests of the endpoint's that wait for a place.
    func waiting(of endpoint: String) -> Int { state.withLockedValue { $0.places.waiting(of: endpoint) } }

    private func take(_ endpoint: String) async -> Bool {
        let ticket = state.withLockedValue { state in
            state.lastTicket += 1
            return state.lastTicket
        }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let answer = state.withLockedValue { state -> Bool? in
                    if Task.isCancelled { return false }
                    if state.places.ask(ticket, endpoint) { return true }
                    state.waiters[ticket] = continuation
                    return nil
                }
                if let answer { continuation.resume(returning: answer) }
            }
        } onCancel: {
            let waiter = state.withLockedValue { state in
                state.places.withdraw(ticket, endpoint) ? state.waiters.removeValue(forKey: ticket) : nil
            }
            waiter?.resume(returning: false)
        }
    }

    private func resume(_ change: (inout RequestPlaces) -> [Int]) {
        let waiters = state.withLockedValue { state in
            change(&state.places).compactMap { state.waiters.removeValue(forKey: $0) }
        }
        for waiter in waiters { waiter.resume(returning: true) }
    }
}
