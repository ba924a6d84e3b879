import ArgumentParser

/// The options that every command takes.
struct GlobalOptions: ParsableArguments {
    @Flag(help: "Print the agent's answer as JSON, and an error as one line of JSON.")
    var json = false

    @Option(
        help: ArgumentHelp("Use the agent that listens on this Unix socket.", valueName: "path"),
        completion: .file()
    )
    var socket: String?

    @Flag(help: "Use this user's own agent.")
    var user = false

    @Flag(help: "Use the system's agent.")
    var system = false

    @Flag(help: "Show times in UTC.")
    var utc = false

    func validate() throws {
        guard [socket != nil, user, system].count(where: { $0 }) <= 1 else {
            throw ValidationError("Only one of --socket, --user and --system can be given.")
        }
    }
}
