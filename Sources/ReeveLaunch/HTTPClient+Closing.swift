package import AsyncHTTPClient
import Dispatch

extension HTTPClient {
    /// Ends it with its connections.
    package func closed() async {
        await withCheckedContinuation { continuation in
            // Without a queue of our own it takes libdispatch's global one. The only error is that it was ended already.
            shutdown(queue: DispatchQueue(label: "reeve.closing")) { _ in continuation.resume() }
        }
    }
}
