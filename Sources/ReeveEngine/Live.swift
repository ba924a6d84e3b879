import NIOConcurrencyHelpers

/// A handle to a resource that may be away: its value is there exactly while its manifold is started.
///
/// It may be kept for as long as one likes, also past the end of the engine; then there is no value any more.
package struct Live<Value: Sendable>: Sendable {
    let cell: LiveCell

    /// The value, or `nil` while it is away. Ask each time; do not keep the value.
    package var value: Value? { cell.value as? Value }

    /// Waits until there is a value. Throws `CancellationError` when the caller's task is cancelled.
    package func present() async throws -> Value {
        while true {
            if let value { return value }
            try await cell.waitUntilPresent()
        }
    }
}

/// Where the engine puts the present value of one resource.
final class LiveCell: Sendable {
    private struct State {
        var value: (any Sendable)?
        var lastID = 0
        var waiters: [Int: CheckedContinuation<Void, any Error>] = [:]
    }

    private let state = NIOLockedValueBox(State())

    var value: (any Sendable)? { state.withLockedValue { $0.value } }

    func set(_ value: (any Sendable)?) {
        let waiters = state.withLockedValue { state -> [CheckedContinuation<Void, any Error>] in
            state.value = value
            guard value != nil else { return [] }
            defer { state.waiters = [:] }
            return Array(state.waiters.values)
        }
        for waiter in waiters { waiter.resume() }
    }

    func waitUntilPresent() async throws {
        let id = state.withLockedValue { state in
            state.lastID += 1
            return state.lastID
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in begin(id, continuation) }
        } onCancel: {
            state.withLockedValue { $0.waiters.removeValue(forKey: id) }?.resume(throwing: CancellationError())
        }
    }

    private func begin(_ id: Int, _ continuation: CheckedContinuation<Void, any Error>) {
        let waits = state.withLockedValue { state in
            guard state.value == nil, !Task.isCancelled else { return false }
            state.waiters[id] = continuation
            return true
        }
        guard !waits else { return }
        if Task.isCancelled {
            continuation.resume(throwing: CancellationError())
        } else {
            continuation.resume()
        }
    }
}
