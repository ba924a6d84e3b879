import ArgumentParser
import JSON
import ReeveProtocol

/// `reeve status`
struct Status: Command {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Show how the agent is.",
        discussion: """
            Ends with 1 if the agent is not ready.

            EXAMPLES:
              reeve status
              reeve status --json | jq .store
            """
    )

    @OptionGroup var options: GlobalOptions

    func perform() async throws {
        let session = try await Session.open(options)
        let answer = try await session.callInZone("agent.status")
        if !session.printJSON(answer) {
            // While the store is away it cannot be said, and the rest can.
            let services = try? await session.list("service.list", [:], "services")
            show(answer, services?["services"]?.array ?? [], session)
        }
        if answer["ready"]?.bool != true { throw ExitStatus(ExitCodes.refused) }
    }

    private func show(_ status: JSON, _ services: [JSON], _ session: Session) {
        var table = Table("", "")
        for (name, text, style) in facts(status, session.times) + facts(services, session.times) where !text.isEmpty {
            table.add(Table.Cell(name, .faint), Table.Cell(text, style))
        }
        let terminal = session.terminal
        guard terminal.isTerminal else { return Standard.print(table.separated) }
        Standard.print(table.aligned(width: .max, styled: terminal.isStyled, heading: false))
        let endpoints = status["endpoints"]?.array ?? []
        guard !endpoints.isEmpty else { return }
        Standard.print("\n" + EndpointList.table(endpoints, session.times).text(terminal))
    }

    private func facts(_ status: JSON, _ times: TimeText) -> [(String, String, Style)] {
        let state = status["state"]?.string ?? "?"
        var facts: [(String, String, Style)] = [
            ("agent", "\(status["name"]?.string ?? "?") (\(status["id"]?.string ?? "no id yet"))", .strong),
            ("version", status["version"]?.string ?? "", .plain),
            ("state", state, state == "running" ? .good : .caution),
        ]
        for part in status["degraded"]?.array ?? [] {
            facts.append(("degraded", "\(part["part"]?.string ?? "?"): \(part["reason"]?.string ?? "?")", .failure))
        }
        facts.append(
            ("up", "\(status["uptime"]?.string ?? "?"), since \(times.time(status, "startedAt") ?? "?")", .plain)
        )
        facts.append(("pid", status["pid"]?.integer.map(String.init) ?? "", .plain))
        facts.append(("sockets", (status["sockets"]?.array ?? []).compactMap(\.string).joined(separator: " "), .plain))
        facts.append(("zone", status["timeZone"]?.string ?? "", .plain))
        if let cgroups = status["cgroups"] { facts.append(Self.cgroups(cgroups)) }
        if let store = status["store"], store != .null { facts += Self.facts(store) }
        if let counts = status["counts"] {
            let names = [("tasks", "tasks"), ("live", "running"), ("deadLetters", "dead letters")]
            let texts = names.compactMap { name, word in counts[name]?.integer.map { "\($0) \(word)" } }
            facts.append(("counts", texts.joined(separator: ", "), .plain))
        }
        if let due = status["due"], let time = times.time(due, "time") {
            let text = "\(due["task"]?.string ?? "?") \(time) (\(times.distance(due, "time") ?? ""))"
            facts.append(("due", text, .plain))
        }
        return facts
    }

    /// How many services there are, then each that is not as it should be.
    private func facts(_ services: [JSON], _ times: TimeText) -> [(String, String, Style)] {
        guard let text = ServiceCount(services).text else { return [] }
        let troubles = services.map { ServiceStanding(item: $0, times: times) }.filter(\.isInTrouble)
        let lines = troubles.map { standing in
            let note = standing.note.map { ": \($0)" } ?? ""
            return ("service", "\(standing.name) \(standing.word)\(note)", standing.style)
        }
        return [("services", text, .plain)] + lines
    }

    private static func cgroups(_ cgroups: JSON) -> (String, String, Style) {
        let controllers = (cgroups["controllers"]?.array ?? []).compactMap(\.string)
        guard cgroups["path"]?.string != nil else {
            return ("cgroups", "none: \(cgroups["reason"]?.string ?? "?")", .plain)
        }
        let with = controllers.isEmpty ? "one for each process" : "with \(controllers.joined(separator: ", "))"
        return ("cgroups", with + (cgroups["reason"]?.string.map { "; \($0)" } ?? ""), .plain)
    }

    private static func facts(_ store: JSON) -> [(String, String, Style)] {
        let size = ByteSize.words(store["size"]?.integer ?? 0)
        let journal = store["journal"]
        let head = journal?["head"]?.integer ?? 0
        let oldest = journal?["oldest"]?.integer.map { "from \($0) " } ?? ""
        let held = journal?["heldBy"]?.string.map { ", held by \($0)" } ?? ""
        let use = store["budget"]?.integer.map { budget in
            " (\(ByteSize.words(store["used"]?.integer ?? 0)) in use of \(ByteSize.words(budget)))"
        }
        let synchronous = store["synchronous"]?.string ?? "?"
        return [
            ("store", "\(store["path"]?.string ?? "?"), \(size)\(use ?? ""), synchronous \(synchronous)", .plain),
            ("journal", "\(oldest)to \(head)\(held)", .plain),
        ]
    }
}
