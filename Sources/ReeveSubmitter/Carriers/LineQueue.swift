import NIOConcurrencyHelpers
import NIOPosix

/// Where lines are kept. It is used by one thread at a time, which it may hold up.
protocol LinePlace: Sendable {
    /// Writes all of the lines and makes them durable, or says why not; then what was begun of them may be there.
    ///
    /// - Parameter isWanted: Whether anybody waits for them still; where it may have to wait for long, it asks.
    mutating func write(_ lines: [[UInt8]], while isWanted: () -> Bool) throws(TransportFailure)
}

/// Takes lines to where they are kept, those that wait together at once, on a thread that may be held up.
///
/// Whoever waits for an answer may give up at any time. Lines that are not begun by then are not written; of others it is
/// not known.
final class LineQueue: Sendable {
    private typealias Answer = Result<Void, TransportFailure>

    private struct Entry {
        var id: UInt64
        var lines: [UInt8]
        var answer: AsyncStream<Answer>.Continuation
    }

    private struct State {
        var place: any LinePlace
        var lastID: UInt64 = 0
        var waiting: [Entry] = []
        /// What is being written and still waited for.
        var wanted: Set<UInt64> = []
        var isWorking = false
    }

    private let state: NIOLockedValueBox<State>

    init(_ place: any LinePlace) {
        state = NIOLockedValueBox(State(place: place))
    }

    /// Returns when the lines are kept. Ends early when the task is cancelled.
    func write(_ lines: [UInt8]) async throws(TransportFailure) {
        let (answers, answer) = AsyncStream.makeStream(of: Answer.self)
        let (id, isIdle) = state.withLockedValue { state in
            state.lastID += 1
            state.waiting.append(Entry(id: state.lastID, lines: lines, answer: answer))
            defer { state.isWorking = true }
            return (state.lastID, !state.isWorking)
        }
        if isIdle { NIOThreadPool.singleton.submit { self.work(isEnding: $0 == .cancelled) } }
        for await result in answers { return try result.get() }
        state.withLockedValue { state in
            state.waiting.removeAll { $0.id == id }
            state.wanted.remove(id)
        }
        throw TransportFailure("it was given up before it was written")
    }

    /// Writes until nothing waits. Whoever began it has seen to it that there is one at a time.
    private func work(isEnding: Bool) {
        var place = state.withLockedValue(\.place)
        while let batch = next(place) {
            let result: Answer
            if isEnding {
                result = .failure(TransportFailure("the agent is ending"))
            } else {
                do throws(TransportFailure) {
                    try place.write(batch.map(\.lines)) { self.state.withLockedValue { !$0.wanted.isEmpty } }
                    result = .success(())
                } catch {
                    result = .failure(error)
                }
            }
            for entry in batch { entry.answer.yield(result) }
        }
    }

    private func next(_ place: any LinePlace) -> [Entry]? {
        state.withLockedValue { state in
            state.place = place
            state.wanted = Set(state.waiting.map(\.id))
            guard !state.waiting.isEmpty else {
                state.isWorking = false
                return nil
            }
            defer { state.waiting = [] }
            return state.waiting
        }
    }
}
