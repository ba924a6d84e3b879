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
        var table = Table("RUN", "STATUS", "STARTED", "FOR", "STEP", "PID", "WHY")
        for run in answer["runs"]?.array ?? [] {
            let status = run["status"]?.string
            let step = run["steps"]?.array?.last { ($0["status"]?.string ?? "pending") != "pending" }
            table.add(
                Table.Cell(RunName.short(run), .strong),
                Table.Cell(status, Style.of(status)),
                Table.Cell(session.times.time(run, "startedAt")),
                Table.Cell(session.times.took(run)),
                Table.Cell(step?["name"]?.string),
                Table.Cell(step?["pid"]?.integer.map(String.init)),
                Table.Cell(run["trigger"]?.string)
            )
        }
        session.print(table, ifEmpty: "nothing is running")
    }
}
