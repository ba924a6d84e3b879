import JSON
import JSONRPC

/// What a service wrote, over all of its processes.
struct ServiceLog: Sendable {
    let session: Session
    let name: String
    /// Only this one of the two.
    let stream: String?

    private var parameters: JSONObject {
        var parameters: JSONObject = ["service": .string(name)]
        parameters["stream"] = stream.map(JSON.string)
        return parameters
    }

    /// The end of it, with enough of it for that many lines of usual length, or for fewer that are longer.
    func tail(lines: Int) async throws -> JSON {
        var parameters = parameters
        parameters["tail"] = .number(OutputWriter.bytes(forLines: lines))
        return try await session.call("service.logs", parameters)
    }

    func lastLines(_ count: Int) async throws -> [String] {
        let page = try await tail(lines: count)
        let bytes = try OutputWriter.bytes(page["data"]?.string ?? "", page["encoding"]?.string)
        let last = bytes[OutputWriter.start(ofLast: count, in: bytes)...]
        return last.split(separator: UInt8(ascii: "\n")).map { String(decoding: $0, as: UTF8.self) }
    }

    /// Takes all that is kept, a page at a time.
    ///
    /// - Returns: How many bytes are not kept any more.
    func pages(_ take: (JSON) async throws -> Void) async throws -> Int {
        var parameters = parameters
        parameters["limit"] = .number(256 << 10)
        while true {
            let page = try await session.call("service.logs", parameters)
            let isEmpty = (page["data"]?.string ?? "").isEmpty
            if isEmpty || page["next"] == parameters["after"] { return page["dropped"]?.integer ?? 0 }
            try await take(page)
            parameters["after"] = page["next"]
        }
    }

    /// Takes what it writes from a position on, over restarts of it and of the agent, until it is removed.
    ///
    /// - Parameter speaks: Whether it is said when the agent is away.
    func follow(after position: JSON?, speaks: Bool, _ take: (JSON) async throws -> Void) async throws {
        var parameters = parameters
        parameters["after"] = position
        var patience = Patience(session, speaks: speaks)
        let cause = try await patience.follow("service.follow", parameters) { item in
            try await take(item)
            return true
        }
        if cause == "removed" { Standard.say("reeve: \(name) was removed") }
    }
}
