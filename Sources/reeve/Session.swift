import JSON
import JSONRPC
import ReeveProtocol

/// A connection to the agent, with how its answers are to be shown.
struct Session: Sendable {
    let client: RPCClient
    let path: String
    let wantsJSON: Bool
    /// The zone that the agent is asked to show times in.
    let zone: String
    let terminal: Terminal

    static func open(_ options: GlobalOptions) async throws -> Session {
        let path = SocketChoice.path(options)
        return Session(
            client: try await RPCClient.connect(unixSocket: path),
            path: path,
            wantsJSON: options.json,
            zone: options.utc ? "UTC" : Host.timeZone,
            terminal: .standardOutput
        )
    }

    var times: TimeText { TimeText(terminal: terminal, now: Host.now) }

    func call(_ method: String, _ parameters: JSONObject = [:]) async throws -> JSON {
        try await client.call(method, .object(parameters))
    }

    /// The answer of a call; `nil` where there is not what it names.
    func found(_ call: () async throws -> JSON) async throws -> JSON? {
        do {
            return try await call()
        } catch let error as RPCError where error.kind == "notFound" {
            return nil
        }
    }

    /// Calls a method that shows times.
    func callInZone(_ method: String, _ parameters: JSONObject = [:]) async throws -> JSON {
        var parameters = parameters
        parameters["timeZone"] = .string(zone)
        return try await call(method, parameters)
    }

    /// All pages of a list that shows times, as one answer.
    ///
    /// - Parameters:
    ///   - name: The member that holds the items.
    ///   - limit: The most items to get.
    func list(_ method: String, _ parameters: JSONObject, _ name: String, limit: Int = .max) async throws -> JSON {
        var parameters = parameters
        var items: [JSON] = []
        while true {
            parameters["limit"] = .number(String(max(1, min(1000, limit - items.count))))
            let page = try await call(method, parameters)
            items += page[name]?.array ?? []
            guard let next = page["next"], next != .null, items.count < limit else {
                return .object([
                    .init(name: name, value: .array(items)), .init(name: "next", value: page["next"] ?? .null),
                ])
            }
            parameters["after"] = next
        }
    }

    /// Prints an answer as JSON if that is wanted.
    ///
    /// - Returns: Whether it was.
    func printJSON(_ answer: JSON) -> Bool {
        guard wantsJSON else { return false }
        Standard.print(terminal.isTerminal ? answer.pretty : answer.text)
        return true
    }

    /// Prints a table, or says that there is nothing to print.
    func print(_ table: Table, ifEmpty words: String) {
        guard !table.isEmpty else {
            Standard.say(words)
            return
        }
        Standard.print(table.text(terminal))
    }
}

extension JSON {
    static func object(_ members: [JSONObject.Member]) -> JSON { .object(JSONObject(members)) }
    static func number(_ value: Int) -> JSON { .number(String(value)) }
}
