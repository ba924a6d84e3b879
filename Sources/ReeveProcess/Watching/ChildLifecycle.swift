/// When a process is over: it has ended, and its output is closed or has been waited for long enough.
///
/// What it left in the background may hold its output open for ever: that never delays the end.
struct ChildLifecycle: Equatable {
    enum Action: Equatable {
        case none
        /// Begin to wait for the output to be closed.
        case beginGrace
        /// Close what is open: the process is over.
        case finish
    }

    private var hasEnded = false
    private var isFinished = false
    private var openStreams: Set<OutputStream> = [.output, .error]

    var outputIsClosed: Bool { openStreams.isEmpty }

    mutating func ended() -> Action {
        guard !hasEnded else { return .none }
        hasEnded = true
        return openStreams.isEmpty ? finish() : .beginGrace
    }

    mutating func closed(_ stream: OutputStream) -> Action {
        openStreams.remove(stream)
        return hasEnded && openStreams.isEmpty ? finish() : .none
    }

    mutating func graceIsOver() -> Action {
        hasEnded ? finish() : .none
    }

    private mutating func finish() -> Action {
        guard !isFinished else { return .none }
        isFinished = true
        return .finish
    }
}
