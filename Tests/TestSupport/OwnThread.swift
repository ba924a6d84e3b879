import Glibc

/// Does something that blocks on a thread of its own, so that it takes none from those that tasks run on.
package func onOwnThread<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
    try await withCheckedThrowingContinuation { continuation in
        do {
            try startThread { continuation.resume(with: Result(catching: body)) }
        } catch {
            continuation.resume(throwing: error)
        }
    }
}

/// Starts a thread that ends by itself.
package func startThread(_ body: @escaping @Sendable () -> Void) throws {
    let work = Unmanaged.passRetained(Work(body: body))
    var thread = pthread_t()
    let status = pthread_create(
        &thread,
        nil,
        { argument in
            // It was retained above, and nobody else releases it.
            Unmanaged<Work>.fromOpaque(argument!).takeRetainedValue().body()
            return nil
        },
        work.toOpaque()
    )
    guard status == 0 else {
        work.release()
        throw SystemFailure("start a thread", status)
    }
    pthread_detach(thread)
}

/// A call to the system that did not work.
package struct SystemFailure: Error, CustomStringConvertible {
    package let description: String

    package init(_ action: String, _ number: CInt = errno) {
        description = "cannot \(action): \(String(cString: strerror(number)))"
    }
}

private final class Work: Sendable {
    let body: @Sendable () -> Void

    init(body: @escaping @Sendable () -> Void) {
        self.body = body
    }
}
