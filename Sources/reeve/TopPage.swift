import JSON
import ReeveProtocol

/// What `reeve top` shows at one moment.
struct TopPage {
    let status: JSON
    let runs: [JSON]
    let tasks: [JSON]
    let services: [JSON]
    let history: TopHistory
    let times: TimeText
    /// Lines of each section that are shown on a terminal.
    var most = 8

    static let chartWidth = 24

    // MARK: In a pipe

    /// For a pipe: one line for each thing, with its kind before it and tabs between.
    var lines: String {
        let counts = status["counts"]
        var rows = [
            [
                "agent", status["name"]?.string ?? "", status["state"]?.string ?? "", status["uptime"]?.string ?? "",
                number(counts?["tasks"]), number(counts?["live"]), number(status["store"]?["journal"]?["head"]),
            ]
        ]
        rows += runs.map { ["run", RunName.short($0), $0["status"]?.string ?? "", $0["startedAt"]?.string ?? ""] }
        rows += due.map { ["due", $0["id"]?.string ?? "", $0["next"]?.string ?? ""] }
        rows += standings.map { ["service", $0.name, $0.word, $0.note ?? ""] }
        rows += endpoints.map { endpoint in
            [
                "endpoint", endpoint["name"]?.string ?? "", endpoint["state"]?.string ?? "",
                number(endpoint["pending"]),
                number(endpoint["inFlight"]), number(endpoint["deadLetters"]), number(endpoint["delivered"]),
                endpoint["oldest"]?.string ?? "", endpoint["lastAnswer"]?.string ?? "",
            ]
        }
        return rows.map { row in
            row.map { $0.isEmpty ? "-" : Table.clean($0) }.joined(separator: "\t") + "\n"
        }.joined()
    }

    private func number(_ value: JSON?) -> String { value?.integer.map(String.init) ?? "" }

    private var endpoints: [JSON] { status["endpoints"]?.array ?? [] }
    private var standings: [ServiceStanding] { services.map { ServiceStanding(item: $0, times: times) } }

    private var due: [JSON] {
        tasks.filter { $0["next"]?.string != nil }.sorted { ($0["next"]?.string ?? "") < ($1["next"]?.string ?? "") }
    }

    // MARK: On a terminal

    func text(_ terminal: Terminal) -> String {
        let styled = terminal.isStyled
        let state = status["state"]?.string ?? "?"
        let counts = status["counts"]
        var text = Style.strong.applied(to: status["name"]?.string ?? "?", styled)
        text += " · " + Style.of(state).applied(to: state, styled) + " · up \(status["uptime"]?.string ?? "?")"
        text += " · \(number(counts?["tasks"])) tasks, \(runs.count) running"
        text += " · \(rate(history.recorded.values.last)) changes/s "
        text += Sparkline.text(history.recorded.values, width: Self.chartWidth) + "\n"
        for part in status["degraded"]?.array ?? [] {
            let line = Table.clean("\(part["part"]?.string ?? "?"): \(part["reason"]?.string ?? "?")")
            text += Style.failure.applied(to: line, styled) + "\n"
        }
        for (title, table, count) in [
            ("endpoints", endpointTable, endpoints.count), ("running", runTable, runs.count),
            ("services", serviceTable, services.count), ("due", dueTable, due.count),
        ] where !table.isEmpty {
            text += "\n" + Style.strong.applied(to: title, styled) + "\n"
            text += table.aligned(width: terminal.width, styled: styled)
            if count > most { text += Style.faint.applied(to: "and \(count - most) more", styled) + "\n" }
        }
        return text
    }

    private var endpointTable: Table {
        var table = Table("NAME", "STATE", "IN FLIGHT", "DEAD", "PENDING", "LAG", "SENT/S", "THROUGHPUT", "OLDEST")
        for endpoint in endpoints.prefix(most) {
            let name = endpoint["name"]?.string ?? ""
            let state = endpoint["state"]?.string
            let isDead = endpoint["deadLetters"]?.integer ?? 0 > 0
            let sent = history.delivered[name]?.values ?? []
            table.add(
                Table.Cell(name, .strong),
                Table.Cell(state, EndpointList.style(state)),
                Table.Cell(number(endpoint["inFlight"])),
                Table.Cell(number(endpoint["deadLetters"]), isDead ? .failure : .plain),
                Table.Cell(number(endpoint["pending"])),
                Table.Cell(Sparkline.text(history.pending[name]?.values ?? [], width: Self.chartWidth), .caution),
                Table.Cell(rate(sent.last)),
                Table.Cell(Sparkline.text(sent, width: Self.chartWidth), .good),
                Table.Cell(times.distance(endpoint, "oldest"))
            )
        }
        return table
    }

    private var runTable: Table {
        var table = Table("RUN", "STATUS", "FOR", "STEP")
        for run in runs.prefix(most) {
            let step = run["steps"]?.array?.first { $0["status"]?.string == "running" }?["name"]?.string
            table.add(
                Table.Cell(RunName.short(run), .strong),
                Table.Cell(run["status"]?.string, Style.of(run["status"]?.string)),
                Table.Cell(times.took(run)),
                Table.Cell(step)
            )
        }
        return table
    }

    private var serviceTable: Table {
        var table = Table("SERVICE", "STATE", "FOR", "NOTE")
        // What is in trouble first.
        for standing in (standings.filter(\.isInTrouble) + standings.filter { !$0.isInTrouble }).prefix(most) {
            table.add(
                Table.Cell(standing.name, .strong),
                Table.Cell(standing.word, standing.style),
                Table.Cell(standing.age),
                Table.Cell(standing.note)
            )
        }
        return table
    }

    private var dueTable: Table {
        var table = Table("TASK", "DUE", "SCHEDULE")
        for task in due.prefix(most) {
            table.add(
                Table.Cell(task["id"]?.string, .strong),
                Table.Cell(times.distance(task, "next")),
                Table.Cell(task["scheduleText"]?.string)
            )
        }
        return table
    }

    /// With a tenth where it matters.
    private func rate(_ value: Double?) -> String {
        guard let value else { return "" }
        guard value < 10 else { return String(Int(value.rounded())) }
        let tenths = Int((value * 10).rounded())
        return "\(tenths / 10).\(tenths % 10)"
    }
}
