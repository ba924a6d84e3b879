import ArgumentParser

/// `reeve service logs`
struct ServiceLogs: Command {
    static let configuration = CommandConfiguration(
        commandName: "logs",
        abstract: "Print what services wrote.",
        discussion: """
            What a service wrote to standard error goes to standard error. -f goes on over restarts of the service and \
            of the agent; without -n it begins with the last ten lines. Of several services every line has the name in \
            front, in a pipe with a tab behind it.

            EXAMPLES:
              reeve service logs web
              reeve service logs -n 100 web --stream stderr
              reeve service logs -f db web
            """
    )

    @OptionGroup var options: GlobalOptions

    @Argument(help: "The services.", completion: .service)
    var names: [String]

    @Flag(name: .shortAndLong, help: "Go on with what they write from now on.")
    var follow = false

    @Option(help: ArgumentHelp("Only stdout or stderr.", valueName: "name"), completion: .list(["stdout", "stderr"]))
    var stream: String?

    @Option(
        name: [.customShort("n"), .customLong("tail")],
        help: ArgumentHelp("Only the last lines.", valueName: "lines")
    )
    var tail: Int?

    func validate() throws {
        if let tail, tail < (follow ? 0 : 1) { throw ValidationError("-n: \(follow ? 0 : 1) lines or more.") }
    }

    func perform() async throws {
        let session = try await Session.open(options)
        try await ServiceLogPrinter(
            session: session,
            names: names.reduce(into: []) { if !$0.contains($1) { $0.append($1) } },
            stream: stream,
            lines: tail,
            follows: follow
        ).print()
    }
}
