import ArgumentParser
import JSON
import ReeveProtocol

/// `reeve stop`
struct Stop: Command {
    static let configuration = CommandConfiguration(
        commandName: "stop",
        abstract: "End runs: they are asked to, then killed after their grace.",
        discussion: """
            A task's name means its last run. "reeve wait" waits until a run has ended. One that is being ended already
            gets the signal all the same, and is killed when the grace is over that is shorter.

            EXAMPLES:
              reeve stop backup
              reeve stop backup/7 --reason 'wrong disk'
              reeve stop backup --signal INT
              reeve stop backup --grace 2s
              reeve stop backup --signal KILL
            """
    )

    @OptionGroup var options: GlobalOptions

    @Argument(help: "The runs to end.", completion: .task)
    var runs: [String]

    @Option(help: ArgumentHelp("Why, for who looks.", valueName: "text"))
    var reason: String?

    @Option(
        help: ArgumentHelp(
            "What is sent, in the place of what the task says: TERM, INT, KILL, …",
            valueName: "name"
        )
    )
    var signal: String?

    @Option(
        help: ArgumentHelp(
            "How long until what still runs is killed, in the place of what the task says: 30s, 0s, …",
            valueName: "duration"
        )
    )
    var grace: Interval?

    func perform() async throws {
        let session = try await Session.open(options)
        for run in runs {
            let name = RunName.resolved(run)
            var parameters: JSONObject = ["run": .string(name)]
            parameters["reason"] = reason.map(JSON.string)
            parameters["grace"] = grace.map { .string($0.description) }
            parameters["signal"] = signal.map { .string(Self.plain($0)) }
            let answer = try await session.call("run.stop", parameters)
            if !session.printJSON(answer) { Standard.say("\(run): asked to end") }
        }
    }

    /// `SIGINT` and `int` are `INT`.
    private static func plain(_ signal: String) -> String {
        let name = signal.uppercased()
        return name.hasPrefix("SIG") ? String(name.dropFirst(3)) : name
    }
}
