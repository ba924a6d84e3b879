import ArgumentParser
import JSON
import ReeveProtocol

/// `reeve group set`
struct GroupSet: Command {
    static let configuration = CommandConfiguration(
        commandName: "set",
        abstract: "Say how many runs of a group, or of all tasks, go on at once.",
        discussion: """
            What runs goes on: a lower limit takes effect as runs end. It counts more
            than the agent's configuration; with --no-limit that counts again.

            EXAMPLES:
              reeve group set disk --limit 1
              reeve group set disk --limit 0
              reeve group set disk --no-limit
              reeve group set --all --limit 8
            """
    )

    @OptionGroup var options: GlobalOptions

    @Argument(help: "The group.")
    var name: String?

    @Flag(help: "All runs, of whatever task.")
    var all = false

    @Option(help: ArgumentHelp("Runs at once; 0: none begins.", valueName: "count"))
    var limit: Int?

    @Flag(help: "As many as the agent's configuration says; where it says nothing, as many as the agent starts.")
    var noLimit = false

    func validate() throws {
        guard (name != nil) != all else { throw ValidationError("Give either a group or --all.") }
        guard (limit != nil) != noLimit else { throw ValidationError("Give either --limit or --no-limit.") }
    }

    func perform() async throws {
        let session = try await Session.open(options)
        var group: JSONObject = ["name": .string(name ?? GroupDefinition.everything)]
        group["limit"] = limit.map { .number(String($0)) }
        let answer = try await session.call("group.put", ["group": .object(group)])
        if session.printJSON(answer) { return }
        Standard.say("\(name ?? "all runs"): \(limit.map { "\($0) at once" } ?? "as configured")")
    }
}
