import Dispatch
import NIOCore

extension EventLoopGroup {
    /// Ends its threads.
    func closed() async throws {
        try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
            // Without a queue of our own it takes libdispatch's global one.
            shutdownGracefully(queue: DispatchQueue(label: "reeve.closing")) { error in
                continuation.resume(with: error.map(Result.failure) ?? .success(()))
            }
        }
    }
}
