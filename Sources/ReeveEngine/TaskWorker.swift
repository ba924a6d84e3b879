/// A worker that is one asynchronous function.
///
/// The function begins when the engine waits for the worker and runs in the engine's task: nothing is left behind.
package final class TaskWorker: Worker {
    /// What a request to stop does to the function.
    package enum Stopping: Sendable {
        /// Its task is cancelled. A `CancellationError` is then a clean end.
        case cancels
        /// Only the signal is raised: the function ends in its own time. It is cancelled when the stop limit has passed.
        case signals
    }

    private enum Event {
        case ended
        case stopRequested
    }

    private let signal = StopSignal()
    private let stopping: Stopping
    private let status: @Sendable () async -> ReportValue?
    private let body: @Sendable (StopSignal) async throws -> Void

    /// - Parameters:
    ///   - stopping: How the function is stopped.
    ///   - report: What to report while it runs.
    ///   - body: The work. Its end is the worker's end, what it throws is the worker's failure.
    package init(
        stopping: Stopping = .cancels,
        report: @escaping @Sendable () async -> ReportValue? = { nil },
        _ body: @escaping @Sendable (StopSignal) async throws -> Void
    ) {
        self.stopping = stopping
        status = report
        self.body = body
    }

    package func stop() {
        signal.request()
    }

    package func report() async -> ReportValue? {
        await status()
    }

    package func wait() async throws {
        do {
            try await run()
        } catch is CancellationError where signal.isRequested {
            // Asked to stop, and did.
        }
    }

    private func run() async throws {
        guard stopping == .cancels else { return try await body(signal) }
        try await withThrowingTaskGroup(of: Event.self) { group in
            group.addTask { [body, signal] in
                try await body(signal)
                return .ended
            }
            group.addTask { [signal] in
                await signal.requested()
                return .stopRequested
            }
            // The first to end ends the other; a failure of the function cancels the group by leaving it.
            _ = try await group.next()
            group.cancelAll()
            while try await group.next() != nil {}
        }
    }
}
