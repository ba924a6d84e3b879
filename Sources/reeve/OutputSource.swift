import JSON
import JSONRPC

/// What a run, or a service over all of its processes, wrote.
struct OutputSource: Sendable {
    let session: Session
    let name: String
    private let method: (read: String, follow: String)
    private var parameters: JSONObject
    /// Lines that are shown before those to come, where nobody says how many; all if absent.
    let usualLines: Int?

    /// - Parameter stream: Only this one of the two.
    init(service: String, stream: String? = nil, _ session: Session) {
        self.session = session
        name = service
        method = ("service.logs", "service.follow")
        parameters = ["service": .string(service)]
        parameters["stream"] = stream.map(JSON.string)
        usualLines = 10
    }

    init(run: JSON, step: String?, stream: String?, _ session: Session) {
        self.session = session
        name = RunName.short(run)
        method = ("run.output", "run.follow")
        parameters = ["run": run["id"] ?? .null]
        parameters["step"] = step.map(JSON.string)
        parameters["stream"] = stream.map(JSON.string)
        usualLines = nil
    }

    /// The last lines, or fewer where they are long; and where what comes then begins.
    func tail(lines: Int) async throws -> (pieces: [OutputPiece], next: JSON?) {
        var parameters = parameters
        parameters["tail"] = .number(min(1 << 20, max(64 << 10, min(lines, 1 << 20) * 200)))
        let page = try await session.call(method.read, parameters)
        return (try OutputPiece.all(of: page, lastLines: lines), page["next"])
    }

    /// Takes all that is kept, a page at a time.
    ///
    /// - Returns: How many bytes are not kept any more.
    func all(_ take: ([OutputPiece]) async -> Void) async throws -> Int {
        var parameters = parameters
        parameters["limit"] = .number(256 << 10)
        while true {
            let page = try await session.call(method.read, parameters)
            let pieces = try OutputPiece.all(of: page)
            await take(pieces)
            if pieces.isEmpty || page["end"] == true || page["next"] == parameters["after"] {
                return page["dropped"]?.integer ?? 0
            }
            parameters["after"] = page["next"]
        }
    }

    /// Takes what is written from a position on, over restarts of the agent, until the run ends or the service is removed.
    ///
    /// - Parameters:
    ///   - position: From the beginning if absent.
    ///   - speaks: Whether it is said when the agent is away.
    /// - Returns: Why it ended.
    func follow(after position: JSON?, speaks: Bool, _ take: (OutputPiece) async -> Void) async throws -> String? {
        var parameters = parameters
        parameters["after"] = position
        var patience = Patience(session, speaks: speaks)
        return try await patience.follow(method.follow, parameters) { item in
            await take(try OutputPiece(item: item))
            return true
        }
    }
}
