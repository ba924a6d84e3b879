import JSON
import JSONRPC

/// Why a command was not done, for its user.
struct CommandFailure: Error, Equatable {
    enum Kind: String {
        case refused, usage, noAgent, notAllowed

        var exitCode: Int32 {
            switch self {
            case .refused: ExitCodes.refused
            case .usage: ExitCodes.usage
            case .noAgent: ExitCodes.noAgent
            case .notAllowed: ExitCodes.notAllowed
            }
        }
    }

    var kind: Kind
    var message: String
    var hint: String?
    /// The agent's own error, if it is one.
    var answer: RPCError?

    init(_ kind: Kind, _ message: String, hint: String? = nil) {
        self.kind = kind
        self.message = message
        self.hint = hint
    }

    init(_ answer: RPCError) {
        self.init(.refused, answer.message, hint: answer.data?["hint"]?.string)
        self.answer = answer
    }

    /// For people: the message, then what is known of it, a line each.
    func text(styled: Bool) -> String {
        var lines = [Style.failure.applied(to: "reeve:", styled) + " " + Table.clean(message)]
        if let data = answer?.data { lines += facts(data).map { Self.line($0, $1, styled) } }
        for problem in answer?.data?["problems"]?.array?.dropFirst() ?? [] {
            lines.append("  " + Table.clean("\(problem["path"]?.string ?? ""): \(problem["reason"]?.string ?? "")"))
            lines += facts(problem).filter { $0.0 == "expected" || $0.0 == "hint" }.map { Self.line($0, $1, styled) }
        }
        if answer == nil, let hint { lines.append(Self.line("hint", hint, styled)) }
        return lines.joined(separator: "\n")
    }

    /// What the message does not say already.
    private func facts(_ data: JSON) -> [(String, String)] {
        ["path", "reason", "expected", "hint", "retryAfter"].compactMap { name in
            guard let text = data[name]?.string, !text.isEmpty else { return nil }
            if (name == "reason" || name == "path") && message.contains(text) { return nil }
            return (name, text)
        }
    }

    private static func line(_ name: String, _ text: String, _ styled: Bool) -> String {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map { Table.clean(String($0)) }
        let label = "  " + (name + ":").padded(to: 10)
        return Style.faint.applied(to: label, styled) + lines.joined(separator: "\n            ")
    }

    /// For programs: the agent's error as it came, or one of the same shape.
    var json: JSON {
        if let answer { return answer.json }
        var data: JSONObject = ["kind": .string(kind.rawValue)]
        data["hint"] = hint.map(JSON.string)
        return ["message": .string(message), "data": .object(data)]
    }
}

extension CommandFailure: CustomStringConvertible {
    var description: String { message + (hint.map { "; \($0)" } ?? "") }
}

/// An error that can be told to a user.
protocol ReportableError: Error {
    var failure: CommandFailure { get }
}

extension CommandFailure: ReportableError {
    var failure: CommandFailure { self }
}

extension RPCError: ReportableError {
    var failure: CommandFailure { CommandFailure(self) }
}

extension RPCClientError: ReportableError {
    var failure: CommandFailure {
        switch self {
        case .connect(let path, let errno): SocketChoice.failure(path: path, errno: errno)
        case .closed:
            CommandFailure(
                .noAgent,
                "the agent ended the connection before it answered",
                hint: "whether it was done is not known; \"reeve status\" says how the agent is"
            )
        case .notUnderstood(let what): CommandFailure(.noAgent, "what listens there is no reeve agent: \(what)")
        }
    }
}
