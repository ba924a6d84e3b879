/// Answers of a slow receiver: each comes only when the next request has, or when it is released.
package actor HeldAnswers {
    private var held: [AsyncStream<Never>.Continuation] = []

    package init() {}

    /// Returns when it is released, or cancelled with the receiver.
    package func hold() async {
        let (stream, continuation) = AsyncStream.makeStream(of: Never.self)
        held.append(continuation)
        for await _ in stream {}
    }

    package func release() {
        for continuation in held { continuation.finish() }
        held = []
    }
}
