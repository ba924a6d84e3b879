import Glibc
import NIOConcurrencyHelpers
import ReeveLaunch
import ReeveProcess
import ReeveProtocol

/// Runs a command for each submission, with the event on its standard input.
///
/// Exit code 0 is delivered, 75 (EX_TEMPFAIL) is tried again, and everything else is refused. One that does not end in time
/// is killed with all that it started, and tried again, as one that cannot be started is.
struct CommandCarrier: Carrier {
    static let defaultTimeout = Duration.seconds(60)
    /// "Try again", by sysexits.h.
    static let tryAgain: Int32 = 75
    /// How much of what it writes is kept, and shown.
    static let outputKept = 16 << 10
    static let outputShown = 512

    /// What it takes to run commands.
    struct Surroundings: Sendable {
        var launcher: CommandLauncher
        /// Where their output is while they run; a folder for the submitter alone.
        var directory: String
        var clock: any Clock<Duration>
    }

    private let endpoint: EndpointDefinition
    private let writer: EventWriter
    private let surroundings: Surroundings
    private let timeout: Duration

    init(_ endpoint: EndpointDefinition, writer: EventWriter, _ surroundings: Surroundings) {
        self.endpoint = endpoint
        self.writer = writer
        self.surroundings = surroundings
        timeout = endpoint.timeout?.duration ?? Self.defaultTimeout
    }

    func carry(_ submissions: [Submission]) async -> Attempt {
        do {
            var command = endpoint.commandDefinition
            let input = String(decoding: try await writer.lines(submissions), as: UTF8.self)
            command.input = .text(input)
            return try await run(command, submissions[0], input: input)
        } catch {
            return .trouble("\(error)")
        }
    }

    private func run(_ command: CommandDefinition, _ submission: Submission, input: String) async throws -> Attempt {
        let mark = String(UInt64.random(in: .min ... .max), radix: 16)
        let name = "\(endpoint.name)-\(mark)"
        let spool = "\(surroundings.directory)/\(name)"
        let last = submission.changes[submission.changes.count - 1]
        var occasion = CommandLauncher.Occasion(
            key: ProcessKey("endpoint/\(name)"),
            facts: [
                "REEVE_ENDPOINT": endpoint.name, "REEVE_EVENT": last.id, "REEVE_TYPE": last.content.type,
                "REEVE_LANE": last.lane.name, "REEVE_ATTEMPT": String(submission.attempt), "REEVE_DELIVERY": mark,
            ],
            marks: ["REEVE_DELIVERY=\(mark)"],
            output: SpoolSpecification(path: spool, quota: Self.outputKept),
            scriptDirectory: spool + ".script"
        )
        occasion.notifySocket = nil
        defer { unlink(spool) }
        let shellLine: @Sendable () -> String = { [endpoint] in Self.shellLine(endpoint, input) }
        let end = try await surroundings.launcher.run(command, on: occasion, within: timeout, clock: surroundings.clock)
        guard let end else {
            let reason = "did not end within \(Interval(timeout)) and was killed" + output(spool)
            return .trouble(reason, shellLine: shellLine)
        }
        return Attempt(result(end, output(spool)), shellLine: shellLine)
    }

    private func result(_ end: ProcessEnd, _ output: String) -> DeliveryResult {
        switch end.reason {
        case .exit(0): .delivered(Reply(status: nil, text: "exited with 0" + output))
        case .exit(Self.tryAgain):
            .trouble(Reply(status: nil, text: "exited with \(Self.tryAgain)" + output), after: nil)
        case .exit(let code): .refused(Reply(status: nil, text: "exited with \(code)" + output))
        case .signal(let signal, _): .refused(Reply(status: nil, text: "was ended by signal \(signal)" + output))
        // It is known only that it is over.
        case .unknown: .trouble(Reply(status: nil, text: "ended, nobody knows how" + output), after: nil)
        }
    }

    /// What it wrote last, behind a colon.
    private func output(_ spool: String) -> String {
        // Output that cannot be read is none.
        guard let page = try? SpoolReader(path: spool).read(tail: Self.outputShown) else { return "" }
        let text = String(tail: page.chunks.flatMap(\.bytes)).split { $0.isNewline }.joined(separator: " / ")
        return text.isEmpty ? "" : ": " + text
    }

    private static func shellLine(_ endpoint: EndpointDefinition, _ input: String) -> String {
        let words = (endpoint.command ?? []).map(ShellWord.quoted).joined(separator: " ")
        return "printf %s \(ShellWord.quoted(input)) | \(words)"
    }
}
