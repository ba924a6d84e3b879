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
        try await present { _ in true }
    }

    private func present(_ isWanted: (Value) -> Bool) async throws -> Value {
        while true {
            let (value, version) = cell.versioned
            if let value = value as? Value, isWanted(value) { return value }
            try await cell.waitForChange(since: version)
        }
    }
}

extension Live where Value: AnyObject {
    /// Waits until there is a value that is not this one, which is of no use any more; `nil`: any value. Throws as
    /// ``present()`` does.
    package func present(otherThan old: Value?) async throws -> Value {
        try await present { $0 !== old }
    }
}

/// Where the engine puts the present value of one resource.
final class LiveCell: Sendable {
    private struct State {
        var value: (any Sendable)?
        /// Counts how often the value was set.
        var version = 0
        var lastID = 0
        var waiters: [Int: CheckedContinuation<Void, any Error>] = [:]
    }

    private let state = NIOLockedValueBox(State())

    var value: (any Sendable)? { versioned.value }

    var versioned: (value: (any Sendable)?, version: Int) { state.withLockedValue { ($0.value, $0.version) } }

    func set(_ value: (any Sendable)?) {
        let waiters = state.withLockedValue { state -> [CheckedContinuation<Void, any Error>] in
            state.value = value
            state.version += 1
            defer { state.waiters = [:] }
            return Array(state.waiters.values)
        }
        for waiter in waiters { waiter.resume() }
    }

    func waitForChange(since version: Int) async throws {
        let id = state.withLockedValue { state in
            state.lastID += 1
            return state.lastID
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in begin(id, version, continuation) }
        } onCancel: {
            state.withLockedValue { $0.waiters.removeValue(forKey: id) }?.resume(throwing: CancellationError())
        }
    }

    private func begin(_ id: Int, _ version: Int, _ continuation: CheckedContinuation<Void, any Error>) {
        let waits = state.withLockedValue { state in
            guard state.version == version, !Task.isCancelled else { return false }
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
