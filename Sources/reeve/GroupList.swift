import ArgumentParser
import JSON

/// `reeve group ls`
struct GroupList: Command {
    static let configuration = CommandConfiguration(
        commandName: "ls",
        abstract: "List groups, with how many runs of theirs go on and wait.",
        discussion: """
            The first, *, is all runs.

            EXAMPLES:
              reeve group ls
              reeve group ls --json | jq -r '.groups[] | select(.waiting > 0).name'
            """
    )

    @OptionGroup var options: GlobalOptions

    func perform() async throws {
        let session = try await Session.open(options)
        let answer = try await session.call("group.list", [:])
        if session.printJSON(answer) { return }
        var table = Table("GROUP", "LIMIT", "RUNNING", "WAITING", "FROM")
        for group in answer["groups"]?.array ?? [] {
            table.add(
                Table.Cell(group["name"]?.string),
                Table.Cell(group["limit"]?.integer.map(String.init) ?? "none"),
                Table.Cell(group["running"]?.integer.map(String.init)),
                Table.Cell(group["waiting"]?.integer.map(String.init)),
                Table.Cell(group["by"]?.string ?? group["source"]?.string, .faint)
            )
        }
        session.print(table, ifEmpty: "no groups")
    }
}
