import ArgumentParser
import JSON
import ReeveProtocol

/// For how long, and why.
struct StandingOptions: ParsableArguments {
    @Argument(help: "The endpoint.", completion: .endpoint)
    var name: String

    @Option(help: ArgumentHelp("Resume by itself after this.", valueName: "duration"))
    var `for`: Interval?

    @Option(help: ArgumentHelp("Why, for who looks.", valueName: "text"))
    var reason: String?

    func perform(_ method: String, _ done: String, _ options: GlobalOptions) async throws {
        let session = try await Session.open(options)
        var parameters: JSONObject = ["endpoint": .string(name)]
        parameters["for"] = self.for.map { .string($0.description) }
        parameters["reason"] = reason.map(JSON.string)
        let answer = try await session.call(method, parameters)
        if session.printJSON(answer) { return }
        Standard.say("\(name): \(done)" + (self.for.map { " for \($0)" } ?? ""))
    }
}

/// `reeve endpoint pause`
struct EndpointPause: Command {
    static let configuration = CommandConfiguration(
        commandName: "pause",
        abstract: "Send nothing to an endpoint for now. Everything waits.",
        discussion: """
            EXAMPLES:
              reeve endpoint pause ops --for 2h --reason 'moves to another host'
            """
    )

    @OptionGroup var options: GlobalOptions
    @OptionGroup var standing: StandingOptions

    func perform() async throws { try await standing.perform("endpoint.pause", "paused", options) }
}

/// `reeve endpoint mute`
struct EndpointMute: Command {
    static let configuration = CommandConfiguration(
        commandName: "mute",
        abstract: "Never send an endpoint what happens from now on, until it is resumed.",
        discussion: """
            It is recorded and counted all the same. What happened before goes on to be sent.

            EXAMPLES:
              reeve endpoint mute ops --for 30m --reason deployment
            """
    )

    @OptionGroup var options: GlobalOptions
    @OptionGroup var standing: StandingOptions

    func perform() async throws { try await standing.perform("endpoint.mute", "muted", options) }
}

/// `reeve endpoint resume`
struct EndpointResume: Command {
    static let configuration = CommandConfiguration(
        commandName: "resume",
        abstract: "End a pause or a muting.",
        discussion: """
            What waits for another try, also because the receiver asked for time, is
            tried at once.

            EXAMPLES:
              reeve endpoint resume ops
            """
    )

    @OptionGroup var options: GlobalOptions

    @Argument(help: "The endpoint.", completion: .endpoint)
    var name: String

    func perform() async throws {
        let session = try await Session.open(options)
        let answer = try await session.call("endpoint.resume", ["endpoint": .string(name)])
        if !session.printJSON(answer) { Standard.say("\(name): resumed") }
    }
}
