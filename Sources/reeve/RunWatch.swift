@preconcurrency import Dispatch  // its sources may be used from any thread, but are not marked so
import Glibc
import JSON
import JSONRPC

/// Passes on a run's output until it has ended.
struct RunWatch: Sendable {
    let session: Session
    let id: String
    let name: String
    /// Passed on to the run's; `nil`: it has none.
    var terminal: RunTerminal?

    /// Says how it ended where its output does not, and ends as its command did.
    func endAsItDoes() async throws -> Never {
        let run = if let terminal { try await terminal.whileRaw(untilEnd) } else { try await untilEnd() }
        if !session.printJSON(["run": run]) {
            RunEnd(run).tellTrouble()
            RunEnd(run).tellDropped()
        }
        throw ExitStatus(ExitCodes.code(ofRun: run))
    }

    /// - Returns: The run as it ended.
    /// - Throws: `ExitStatus` once the user has interrupted twice.
    private func untilEnd() async throws -> JSON {
        try await withThrowingTaskGroup(of: JSON?.self) { group in
            group.addTask { try await follow() }
            group.addTask {
                try await stopOnInterrupt()
                return nil
            }
            if let terminal {
                group.addTask {
                    try await terminal.passInput()
                    return nil
                }
                group.addTask {
                    try await terminal.passSize()
                    return nil
                }
            }
            defer { group.cancelAll() }
            while let run = try await group.next() {
                if let run { return run }
            }
            throw RPCClientError.closed
        }
    }

    private func follow() async throws -> JSON {
        var patience = Patience(session)
        let run = try await patience.call("run.get", ["run": .string(id)])["run"] ?? .null
        if !session.wantsJSON {
            var writer = OutputWriter(run: run)
            try await patience.follow("run.follow", ["run": .string(id)]) { item in
                writer.write(try OutputPiece(item: item))
                return true
            }
        }
        return try await patience.call("run.wait", ["run": .string(id)])["run"] ?? .null
    }

    /// The first interrupt asks the run to end, the second leaves it.
    private func stopOnInterrupt() async throws {
        var count = 0
        for await signal in Interrupts.stream() {
            count += 1
            guard count == 1 else {
                Standard.say("reeve: left; it goes on as \(name)")
                throw ExitStatus(ExitCodes.signalBase + signal)
            }
            Standard.say("reeve: asking it to end; interrupt again to leave it running")
            // The agent may be away; the second interrupt still works then.
            let name: JSON = signal == SIGINT ? "INT" : "TERM"
            _ = try? await session.call(
                "run.stop",
                ["run": .string(id), "reason": "interrupted by its caller", "signal": name]
            )
        }
    }
}

/// SIGINT and SIGTERM, as they come.
enum Interrupts {
    static func stream() -> AsyncStream<Int32> {
        AsyncStream { continuation in
            let sources = [SIGINT, SIGTERM].map { number in
                Glibc.signal(number, SIG_IGN)
                let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
                source.setEventHandler { continuation.yield(number) }
                source.resume()
                return source
            }
            continuation.onTermination = { _ in
                for source in sources { source.cancel() }
            }
        }
    }
}
