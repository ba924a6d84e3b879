import NIOConcurrencyHelpers
import ReeveSubmitter

/// A receiver in memory: what it is sent is a stream, what it answers is the test's.
final class FakeTransport: Transport {
    typealias Decision = @Sendable (TransportRequest) async throws -> TransportAnswer

    /// Every request as it comes in. For one reader.
    let requests: AsyncStream<TransportRequest>
    private let arrived: AsyncStream<TransportRequest>.Continuation
    private let decide: NIOLockedValueBox<Decision>

    init(_ decide: @escaping Decision = { _ in TransportAnswer(status: 200) }) {
        self.decide = NIOLockedValueBox(decide)
        (requests, arrived) = AsyncStream.makeStream()
    }

    func answer(_ decide: @escaping Decision) {
        self.decide.withLockedValue { $0 = decide }
    }

    func post(_ request: TransportRequest) async throws(TransportFailure) -> TransportAnswer {
        let decide = decide.withLockedValue(\.self)
        arrived.yield(request)
        do { return try await decide(request) } catch { throw TransportFailure("\(error)") }
    }

    func shutDown() async {
        arrived.finish()
    }

    /// Answers nothing until the request is given up.
    static let hang: Decision = { _ in
        let (stream, end) = AsyncStream<Never>.makeStream()
        defer { end.finish() }
        for await _ in stream {}
        throw CancellationError()
    }
}
