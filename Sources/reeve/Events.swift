import ArgumentParser
import JSON
import ReeveProtocol

/// `reeve events`
struct Events: Command {
    static let configuration = CommandConfiguration(
        commandName: "events",
        abstract: "Show the journal: what happened and what was published, oldest first.",
        discussion: """
            In a pipe an event is a line, with tabs between number, time, lane, type and summary. With --json it is a \
            CloudEvent on a line.

            EXAMPLES:
              reeve events -n 50
              reeve events --since 1h --type dev.reeve.run.failed
              reeve events -f --json | jq .type
              reeve events --as work
              reeve events show 1042
            """,
        subcommands: [EventsShow.self]
    )

    @OptionGroup var options: GlobalOptions

    @Flag(name: .shortAndLong, help: "Go on with what happens from now on.")
    var follow = false

    @Option(help: ArgumentHelp("Only from then on: 2h, 3d, or RFC 3339.", valueName: "time"))
    var since: String?

    @Option(help: ArgumentHelp("Only after this number.", valueName: "number"))
    var after: Int?

    @Option(help: ArgumentHelp("Only this type.", valueName: "type"))
    var type: String?

    @Option(help: ArgumentHelp("Only this lane: task:ID, event:SUBJECT, agent.", valueName: "lane"))
    var lane: String?

    @Option(
        help: ArgumentHelp(
            "What waits in this queue for its consumer, the next first. It stays there.",
            valueName: "endpoint"
        ),
        completion: .endpoint
    )
    var `as`: String?

    @Option(
        name: [.customShort("n"), .customLong("count")],
        help: "The most events to list: the last ones, of a queue the first (default: 20)."
    )
    var count: Int?

    func validate() throws {
        guard `as` == nil || since == nil && type == nil && lane == nil else {
            throw ValidationError("--since, --type and --lane are not for a queue: its filter decides what is in it.")
        }
    }

    func perform() async throws {
        let session = try await Session.open(options)
        if let queue = `as` { return try await list(queue, session) }
        var parameters = JSONObject()
        parameters["type"] = type.map(JSON.string)
        parameters["lane"] = lane.map(JSON.string)
        parameters["since"] = try TimeText.past(since, "--since")
        parameters["after"] = after.map { .number($0) }
        let isBounded = since != nil || after != nil
        if follow, !isBounded, count == nil { return try await follow(session, parameters) }
        let page = try await last(session, parameters, isBounded)
        guard !follow else {
            for event in page.events { tell(event, session) }
            parameters["after"] = page.next
            parameters["since"] = nil
            return try await follow(session, parameters)
        }
        if session.printJSON(["events": .array(page.events), "next": page.next]) { return }
        session.print(EventLine.table(page.events, session.times), ifEmpty: "no events")
    }

    /// What a queue's consumer would fetch from where it has committed, or after a number; then what comes.
    private func list(_ queue: String, _ session: Session) async throws {
        var parameters: JSONObject = ["as": .string(queue)]
        parameters["after"] = after.map { .number($0) }
        parameters["limit"] = .number(min(max(1, count ?? (follow ? 1000 : 20)), 1000))
        guard follow else {
            let page = try await session.call("event.list", parameters)
            if session.printJSON(page) { return }
            let events = page["events"]?.array ?? []
            return session.print(EventLine.table(events, session.times), ifEmpty: "nothing waits in \(queue)")
        }
        parameters["wait"] = "30s"
        var patience = Patience(session)
        while true {
            let page = try await patience.call("event.list", parameters)
            for event in page["events"]?.array ?? [] { tell(event, session) }
            parameters["after"] = page["next"]
        }
    }

    /// The last events that match. Without a filter the journal's numbers say where they begin.
    private func last(
        _ session: Session,
        _ parameters: JSONObject,
        _ isBounded: Bool
    ) async throws -> (events: [JSON], next: JSON) {
        var parameters = parameters
        let limit = max(1, count ?? (isBounded ? .max : 20))
        if !isBounded, type == nil, lane == nil {
            let head = try await head(session)
            // A number that an undone transaction had taken is not used again, so there are gaps.
            parameters["after"] = .number(max(0, head - 2 * limit - 100))
        }
        parameters["limit"] = 1000
        var events: [JSON] = []
        while true {
            let page = try await session.call("event.list", parameters)
            let new = page["events"]?.array ?? []
            events = (events + new).suffix(limit)
            let next = page["next"] ?? .number(0)
            guard !new.isEmpty, next != parameters["after"] else { return (events, next) }
            parameters["after"] = next
            parameters["since"] = nil
        }
    }

    private func follow(_ session: Session, _ parameters: JSONObject) async throws {
        var parameters = parameters
        if parameters["after"] == nil, parameters["since"] == nil {
            // Said rather than left out, so that nothing is missed if the agent restarts before the first event.
            parameters["after"] = .number(try await head(session))
        }
        var patience = Patience(session)
        try await patience.follow("event.subscribe", parameters) { event in
            tell(event, session)
            return true
        }
    }

    /// The journal's last number.
    private func head(_ session: Session) async throws -> Int {
        var patience = Patience(session)
        while true {
            let status = try await patience.call("agent.status", [:])
            if let head = status["store"]?["journal"]?["head"]?.integer { return head }
            // The store restarts: its methods say so, and when to try again.
            _ = try await patience.call("event.list", ["limit": 1])
        }
    }

    private func tell(_ event: JSON, _ session: Session) {
        guard !session.wantsJSON else { return Standard.print(event.text) }
        let table = EventLine.table([event], session.times)
        let terminal = session.terminal
        guard terminal.isTerminal else { return Standard.print(table.separated) }
        Standard.print(table.aligned(width: terminal.width, styled: terminal.isStyled, heading: false))
    }
}

/// An event on a line.
enum EventLine {
    static func table(_ events: [JSON], _ times: TimeText) -> Table {
        var table = Table("NUMBER", "TIME", "LANE", "TYPE", "WHAT")
        for event in events {
            let type = event["type"]?.string ?? ""
            table.add(
                Table.Cell(number(event), .faint),
                Table.Cell(times.time(event, "time")),
                Table.Cell(event["lane"]?.string, .strong),
                Table.Cell(times.terminal.isTerminal ? short(type) : type, Style.of(lastWord(of: type))),
                Table.Cell(event["data"]?["summary"]?.string ?? event["data"]?.text)
            )
        }
        return table
    }

    /// The agent's own types without what they have in common, where the room is needed for the rest.
    private static func short(_ type: String) -> String {
        type.hasPrefix("dev.reeve.") ? String(type.dropFirst("dev.reeve.".count)) : type
    }

    private static func lastWord(of type: String) -> String? {
        type.split(separator: ".").last.map(String.init)
    }

    /// Without the zeros in front, as `reeve events show` takes it.
    static func number(_ event: JSON) -> String {
        let digits = event["sequence"]?.string ?? ""
        return Int(digits).map(String.init) ?? digits
    }
}
