@preconcurrency import Dispatch  // its sources may be used from any thread, but are not marked so
import Glibc
import JSON
import JSONRPC
import ReeveProtocol

/// Passes on what is typed here, and the size of the window, to the terminal of a run.
struct RunTerminal: Sendable {
    let session: Session
    let id: String

    /// How long is waited where the run takes nothing yet.
    private static let pause = Duration.milliseconds(50)

    /// The size of the window; `nil`: there is none.
    static var size: TerminalDefinition? {
        [STDIN_FILENO, STDOUT_FILENO].lazy.compactMap(Terminal.size).first.map {
            TerminalDefinition(window: $0.columns, $0.rows)
        }
    }

    /// Every key goes to the run for as long as `body` runs: none means anything here, nor is it shown.
    func whileRaw<Result: Sendable>(_ body: () async throws -> Result) async throws -> Result {
        var before = termios()
        guard tcgetattr(STDIN_FILENO, &before) == 0 else { return try await body() }
        var raw = before
        cfmakeraw(&raw)
        tcsetattr(STDIN_FILENO, TCSADRAIN, &raw)
        defer { tcsetattr(STDIN_FILENO, TCSADRAIN, &before) }
        return try await body()
    }

    /// Returns when nothing more is typed, or the run takes nothing any more.
    func passInput() async throws {
        let (pieces, goOn) = Self.input()
        var endsLine = true
        for await piece in pieces {
            guard try await type(piece) else { return }
            endsLine = piece.last == UInt8(ascii: "\n")
            goOn()
        }
        // A terminal has no end of file: this key says so, and where a line has begun it has to be said twice.
        guard isatty(STDIN_FILENO) != 1 else { return }
        _ = try await type(endsLine ? [4] : [4, 4])
    }

    func passSize() async throws {
        for await _ in Self.resizes() {
            guard let size = Self.size, let columns = size.columns, let rows = size.rows else { continue }
            let parameters: JSONObject = [
                "run": .string(id), "columns": .number(String(columns)), "rows": .number(String(rows)),
            ]
            // It may not have begun, or have ended; and it begins with the size that there was.
            _ = try? await session.call("run.resize", parameters)
        }
    }

    /// Whether it was taken, all of it.
    private func type(_ bytes: [UInt8]) async throws -> Bool {
        var rest = bytes[...]
        while !rest.isEmpty {
            do {
                let parameters: JSONObject = [
                    "run": .string(id), "data": .string(Base64.encoded(rest)), "encoding": "base64",
                ]
                let taken = try await session.call("run.input", parameters)["taken"]?.integer ?? 0
                rest = rest.dropFirst(taken)
                if taken > 0 { continue }
            } catch let error as RPCError where error.kind == "invalidState" {
                // It has not begun yet, or its step has ended.
                guard let status = error.data?["status"]?.string, ["pending", "preparing"].contains(status) else {
                    return false
                }
            } catch let error as RPCError where error.kind == "unavailable" {
                // A part of the agent restarts.
            } catch RPCClientError.closed {
                return false
            }
            try await Task.sleep(for: Self.pause, clock: .continuous)
        }
        return true
    }

    /// What comes on standard input, a piece at a time: the next is read when the one before is passed on.
    private static func input() -> (pieces: AsyncStream<[UInt8]>, goOn: @Sendable () -> Void) {
        let (stream, sender) = AsyncStream.makeStream(of: [UInt8].self)
        let isPassedOn = DispatchSemaphore(value: 0)
        // Reading waits, for as long as the program lives if nobody types.
        DispatchQueue.global().async {
            var buffer = [UInt8](repeating: 0, count: 4096)
            while true {
                let count = read(STDIN_FILENO, &buffer, buffer.count)
                if count < 0, errno == EINTR { continue }
                guard count > 0 else { break }
                sender.yield(Array(buffer.prefix(count)))
                isPassedOn.wait()
            }
            sender.finish()
        }
        return (stream, { isPassedOn.signal() })
    }

    private static func resizes() -> AsyncStream<Void> {
        AsyncStream(bufferingPolicy: .bufferingNewest(1)) { continuation in
            let source = DispatchSource.makeSignalSource(signal: SIGWINCH, queue: .global())
            source.setEventHandler { continuation.yield() }
            // What came before it listens is not heard of.
            source.setRegistrationHandler { continuation.yield() }
            source.resume()
            continuation.onTermination = { _ in source.cancel() }
        }
    }
}
