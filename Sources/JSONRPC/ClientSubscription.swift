package import JSON

/// The messages of one subscription, as a client iterates over them, once.
///
/// Who stops iterating before the end cancels the subscription. What is not taken is kept in memory up to a bound;
/// beyond it the client stops reading its connection, until something is taken.
package struct ClientSubscription: AsyncSequence, Sendable {
    package enum Element: Sendable, Equatable {
        case item(JSON, next: JSON?)
        /// The last one.
        case end(cause: String, next: JSON?)
    }

    /// What the call answered: `{subscription}`, and what else there is.
    package let answer: JSON
    package var id: String { answer["subscription"]?.string ?? "" }

    let stream: AsyncThrowingStream<Element, any Error>
    let taken: @Sendable () -> Void

    package struct AsyncIterator: AsyncIteratorProtocol {
        var base: AsyncThrowingStream<Element, any Error>.Iterator
        let taken: @Sendable () -> Void

        /// - Throws: `RPCClientError.closed` if the connection ends before the subscription does.
        package mutating func next(isolation: isolated (any Actor)? = #isolation) async throws -> Element? {
            guard let element = try await base.next(isolation: isolation) else { return nil }
            taken()
            return element
        }
    }

    package func makeAsyncIterator() -> AsyncIterator {
        AsyncIterator(base: stream.makeAsyncIterator(), taken: taken)
    }
}
