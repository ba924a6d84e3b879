import Dispatch
import GRDB

extension DatabasePool {
    /// Closes the connections, away from the caller's thread: it waits for reads and moves the log into the database.
    func closed() async throws {
        try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
            // Not the global queue, which would look at its threads each second from then on.
            DispatchQueue(label: "reeve.closing").async {
                continuation.resume(with: Result { try self.close() })
            }
        }
    }
}
