import ArgumentParser
import JSON
import ReeveProtocol

/// `reeve endpoint replay`
struct EndpointReplay: Command {
    static let configuration = CommandConfiguration(
        commandName: "replay",
        abstract: "Have an endpoint get again what it had got.",
        discussion: """
            From the oldest that the journal holds, unless told where. What comes again says so (redelivered); in each \
            lane what is new waits behind it.

            EXAMPLES:
              reeve endpoint replay ops --since 2h
              reeve endpoint replay ops --task backup
              reeve endpoint replay ops --after 1041 --through 1100
            """
    )

    @OptionGroup var options: GlobalOptions

    @Argument(help: "The endpoint.", completion: .endpoint)
    var name: String

    @Option(help: ArgumentHelp("Only what comes after this number.", valueName: "number"))
    var after: Int?

    @Option(help: ArgumentHelp("Only up to this number.", valueName: "number"))
    var through: Int?

    @Option(help: ArgumentHelp("Only since then: a time, or how long ago.", valueName: "time"))
    var since: String?

    @Option(help: ArgumentHelp("Only until then.", valueName: "time"))
    var until: String?

    @Option(help: "Only this lane.")
    var lane: String?

    @Option(help: "Only this task.", completion: .task)
    var task: String?

    func perform() async throws {
        let session = try await Session.open(options)
        var parameters: JSONObject = ["endpoint": .string(name)]
        parameters["after"] = after.map(JSON.number)
        parameters["through"] = through.map(JSON.number)
        parameters["since"] = try TimeText.past(since, "--since")
        parameters["until"] = try TimeText.past(until, "--until")
        parameters["lane"] = lane.map(JSON.string)
        parameters["task"] = task.map(JSON.string)
        let answer = try await session.call("endpoint.replay", parameters)
        if session.printJSON(answer) { return }
        let changes = (answer["count"]?.integer ?? 0).counted("change", "changes")
        Standard.say("\(name): gets \(changes) again, as far as its filter takes them")
    }
}
