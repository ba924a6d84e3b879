import ArgumentParser
import JSON

/// `reeve ps`
struct Processes: Command {
    static let configuration = CommandConfiguration(
        commandName: "ps",
        abstract: "List the runs that are under way.",
        discussion: """
            EXAMPLES:
              reeve ps
              reeve ps | cut -f1 | xargs -r -n1 reeve stop
            """
    )

    @OptionGroup var options: GlobalOptions

    func perform() async throws {
        let session = try await Session.open(options)
        let parameters: JSONObject = ["live": true, "all": true, "limit": 1000, "timeZone": .string(session.zone)]
        let answer = try await session.call("run.list", parameters)
        if session.printJSON(answer) { return }
        var table = Table("RUN", "STATUS", "STARTED", "FOR", "STEP", "DONE", "PID", "WHY")
        for run in answer["runs"]?.array ?? [] {
            let status = run["status"]?.string
            let steps = run["steps"]?.array ?? []
            let active = steps.filter { !["pending", "stopped"].contains($0["status"]?.string) }
            let done = steps.count { $0["status"] == "stopped" }
            table.add(
                Table.Cell(RunName.short(run), .strong),
                Table.Cell(status, Style.of(status)),
                Table.Cell(session.times.time(run, "startedAt")),
                Table.Cell(session.times.took(run)),
                Table.Cell(active.compactMap { $0["name"]?.string }.joined(separator: ",")),
                Table.Cell(steps.count > 1 ? "\(done)/\(steps.count)" : nil),
                Table.Cell(active.compactMap { $0["pid"]?.integer.map(String.init) }.joined(separator: ",")),
                Table.Cell(run["trigger"]?.string)
            )
        }
        session.print(table, ifEmpty: "nothing is running")
    }
}
