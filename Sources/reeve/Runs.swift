import ArgumentParser
import JSON
import ReeveProtocol

/// `reeve runs`
struct Runs: Command {
    static let configuration = CommandConfiguration(
        commandName: "runs",
        abstract: "List runs, newest first.",
        discussion: """
            In a pipe a run is a line, with tabs between run, outcome (or status), time, length, trigger and reason.

            EXAMPLES:
              reeve runs
              reeve runs backup -n 50
              reeve runs --failed --since 2d
            """
    )

    @OptionGroup var options: GlobalOptions

    @Argument(help: "Only of this task.", completion: .task)
    var task: String?

    @Option(help: ArgumentHelp("Only from then on: 2h, 3d, or RFC 3339.", valueName: "time"))
    var since: String?

    @Flag(help: "Only those that did not do what they should: failed, timed out, lost, missed, invalid.")
    var failed = false

    @Flag(name: .shortAndLong, help: "Also runs of hidden tasks.")
    var all = false

    @Option(
        name: [.customShort("n"), .customLong("count")],
        help: "The most runs to list (default: 20, with --since all)."
    )
    var count: Int?

    static let failures: [JSON] = ["failed", "timedOut", "lost", "missed", "invalid"]

    func perform() async throws {
        let session = try await Session.open(options)
        var parameters: JSONObject = ["timeZone": .string(session.zone)]
        parameters["task"] = task.map(JSON.string)
        parameters["since"] = try TimeText.past(since, "--since")
        if failed { parameters["outcomes"] = .array(Self.failures) }
        if all { parameters["all"] = true }
        let limit = max(1, count ?? (since == nil ? 20 : .max))
        let answer = try await session.list("run.list", parameters, "runs", limit: limit)
        if session.printJSON(answer) { return }
        let table = Self.table(answer["runs"]?.array ?? [], session.times, bars: session.terminal.isTerminal)
        session.print(table, ifEmpty: failed ? "no such run" : "nothing has run")
    }

    /// - Parameter bars: Lengths also as bars, where there is more than one to compare.
    static func table(_ runs: [JSON], _ times: TimeText, bars: Bool = false) -> Table {
        var table =
            bars
            ? Table("RUN", "OUTCOME", "TIME", "TOOK", "", "TRIGGER", "WHY")
            : Table("RUN", "OUTCOME", "TIME", "TOOK", "TRIGGER", "WHY")
        let lengths = runs.map { times.length($0) }
        let known = lengths.compactMap(\.self)
        let longest = bars && known.count > 1 ? known.max() ?? 0 : 0
        for (run, length) in zip(runs, lengths) {
            let word = run["outcome"]?.string ?? run["status"]?.string
            let time = times.time(run, "startedAt") ?? times.time(run, "due") ?? times.time(run, "createdAt")
            let bar = bars ? [Table.Cell(length.map { Self.bar($0, of: longest) }, Style.of(word))] : []
            table.add(
                [
                    Table.Cell(RunName.short(run), .strong), Table.Cell(word, Style.of(word)), Table.Cell(time),
                    Table.Cell(times.took(run)),
                ] + bar + [Table.Cell(run["trigger"]?.string), Table.Cell(why(run, times))]
            )
        }
        return table
    }

    /// A length of time beside the longest of the list: up to eight characters, in eighths of one.
    static func bar(_ length: Int64, of longest: Int64) -> String {
        guard longest > 0 else { return "" }
        let eighths = max(1, Int((Double(length) / Double(longest) * 64).rounded()))
        let blocks = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"]
        return String(repeating: "█", count: eighths / 8) + blocks[eighths % 8]
    }

    /// The reason, and how many slots the run stands for if it is more than one.
    static func why(_ run: JSON, _ times: TimeText) -> String? {
        let reason = run["outcome"]?.string == "succeeded" ? nil : run["reason"]?.string
        guard let count = run["covers"]?["count"]?.integer, count > 1 else { return reason }
        return "\(count) times" + (reason.map { ": \($0)" } ?? "")
    }
}
