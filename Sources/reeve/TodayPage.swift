import JSON
import ReeveProtocol

/// What bare `reeve` prints.
struct TodayPage {
    struct Entry {
        var name: String
        var time: String
        var text: String
        var command: String
    }

    struct Section {
        var title: String
        var style: Style
        var entries: [Entry]
        /// What shows those that there was no room for.
        var more: String
    }

    let status: JSON
    let runs: [JSON]
    let live: [JSON]
    let tasks: [JSON]
    let services: [JSON]
    let times: TimeText
    /// Entries of a section that are shown.
    let most: Int

    var sections: [Section] {
        [
            Section(title: "down", style: .failure, entries: down, more: "reeve service"),
            Section(
                title: "failed",
                style: .failure,
                entries: ended("failed", "timedOut", "lost", "invalid"),
                more: "reeve runs --failed --since 24h"
            ),
            Section(
                title: "missed",
                style: .failure,
                entries: ended("missed"),
                more: "reeve runs --failed --since 24h"
            ),
            Section(title: "skipped", style: .caution, entries: ended("skipped"), more: "reeve runs --since 24h"),
            Section(title: "running", style: .good, entries: running, more: "reeve ps"),
            Section(title: "undelivered", style: .failure, entries: undelivered, more: "reeve endpoint ls"),
            Section(title: "due", style: .strong, entries: due, more: "reeve next -n 100"),
        ].filter { !$0.entries.isEmpty }
    }

    private func ended(_ outcomes: String...) -> [Entry] {
        runs.filter { run in outcomes.contains { $0 == run["outcome"]?.string } }.map { run in
            let hasOutput = run["startedAt"]?.string != nil
            return Entry(
                name: RunName.short(run),
                time: time(run, "stoppedAt"),
                text: Runs.why(run, times) ?? run["outcome"]?.string ?? "",
                command: hasOutput ? "reeve logs \(RunName.short(run))" : "reeve why \(RunName.short(run))"
            )
        }
    }

    /// Services that a person has to look at.
    private var down: [Entry] {
        services.map { ServiceStanding(item: $0, times: times) }.filter(\.isInTrouble).map { standing in
            Entry(
                name: standing.name,
                time: standing.age ?? "",
                text: standing.trouble,
                command: "reeve why \(standing.name)"
            )
        }
    }

    private var running: [Entry] {
        live.map { run in
            Entry(
                name: RunName.short(run),
                time: time(run, "startedAt"),
                text: run["status"]?.string ?? "",
                command: "reeve logs -f \(RunName.short(run))"
            )
        }
    }

    private var undelivered: [Entry] {
        (status["endpoints"]?.array ?? []).filter { endpoint in
            (endpoint["pending"]?.integer ?? 0) > 0 || (endpoint["deadLetters"]?.integer ?? 0) > 0
        }.map { endpoint in
            let name = endpoint["name"]?.string ?? ""
            let answer = endpoint["lastAnswer"]?.string.map { ", last answer \($0)" } ?? ""
            let pending = "\(endpoint["pending"]?.integer ?? 0) pending"
            let dead = "\(endpoint["deadLetters"]?.integer ?? 0) dead letters"
            return Entry(
                name: name,
                time: time(endpoint, "oldest"),
                text: "\(pending), \(dead)\(answer)",
                command: "reeve endpoint show \(name)"
            )
        }
    }

    private var due: [Entry] {
        tasks.filter { $0["next"]?.string != nil }
            .sorted { ($0["next"]?.string ?? "") < ($1["next"]?.string ?? "") }
            .map { task in
                let id = task["id"]?.string ?? ""
                let isPaused = task["paused"]?.object != nil
                return Entry(
                    name: id,
                    time: time(task, "next"),
                    text: (task["scheduleText"]?.string ?? "") + (isPaused ? " (paused)" : ""),
                    command: "reeve next \(id)"
                )
            }
    }

    private func time(_ object: JSON, _ name: String) -> String {
        guard let time = times.time(object, name) else { return "" }
        guard times.terminal.isTerminal, let distance = times.distance(object, name) else { return time }
        return "\(time) (\(distance))"
    }

    /// `214 runs in 24 hours: 210 succeeded, 3 failed, 1 missed`
    var count: String {
        let ended = runs.compactMap { $0["outcome"]?.string }
        guard !ended.isEmpty else { return "nothing has run in the last 24 hours" }
        let words = ["succeeded", "failed", "timedOut", "lost", "invalid", "missed", "skipped", "canceled"]
        let parts = words.compactMap { word in
            let count = ended.count { $0 == word }
            return count > 0 ? "\(count) \(word == "timedOut" ? "timed out" : word)" : nil
        }
        return ended.count.counted("run", "runs") + " in 24 hours: " + parts.joined(separator: ", ")
    }

    /// For a pipe: section, name, time, text and command with tabs between.
    var lines: String {
        let rows = sections.flatMap { section in
            section.entries.map { [section.title, $0.name, $0.time, $0.text, $0.command] }
        }
        var head = [["day", status["name"]?.string ?? "", "", count, "reeve runs --since 24h"]]
        if let text = ServiceCount(services).text { head.append(["services", "", "", text, "reeve service"]) }
        return (head + rows).map { row in
            row.map { $0.isEmpty ? "-" : Table.clean($0) }.joined(separator: "\t") + "\n"
        }.joined()
    }

    func text(_ terminal: Terminal) -> String {
        let styled = terminal.isStyled
        let name = Style.strong.applied(to: status["name"]?.string ?? "?", styled)
        let state = status["state"]?.string ?? "?"
        var text = "\(name) · \(Style.of(state).applied(to: state, styled)) · up \(status["uptime"]?.string ?? "?")\n"
        for part in status["degraded"]?.array ?? [] {
            let line = "\(part["part"]?.string ?? "?"): \(part["reason"]?.string ?? "?")   reeve engine"
            text += Style.failure.applied(to: Table.clean(line), styled) + "\n"
        }
        text += count + "\n"
        if let services = ServiceCount(services).text { text += Table.clean(services) + "\n" }
        for section in sections {
            text += "\n" + section.style.applied(to: section.title, styled) + "\n" + body(section, styled)
        }
        if tasks.isEmpty, services.isEmpty {
            text += "\nno tasks yet; add one with: reeve add ID --cron '0 3 * * *' -- COMMAND\n"
        }
        return text
    }

    private func body(_ section: Section, _ styled: Bool) -> String {
        var table = Table("", "", "", "")
        for entry in section.entries.prefix(most) {
            table.add(
                Table.Cell("  " + entry.name),
                Table.Cell(entry.time, .faint),
                Table.Cell(Table.cut(entry.text, 60)),
                Table.Cell(entry.command, .faint)
            )
        }
        let rest = section.entries.count - most
        let more = rest > 0 ? "  and \(rest) more: \(section.more)\n" : ""
        return table.aligned(width: .max, styled: styled, heading: false) + more
    }
}
