import Glibc

/// Does something that blocks on a thread of its own, so that it takes none from those that tasks run on.
func onOwnThread<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
    try await withCheckedThrowingContinuation { continuation in
        let work = Unmanaged.passRetained(Work { continuation.resume(with: Result(catching: body)) })
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
            return continuation.resume(throwing: ThreadError(number: status))
        }
        pthread_detach(thread)
    }
}

struct ThreadError: Error {
    var number: CInt
}

private final class Work: Sendable {
    let body: @Sendable () -> Void

    init(_ body: @escaping @Sendable () -> Void) {
        self.body = body
    }
}
