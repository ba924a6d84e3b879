import ArgumentParser
import JSON

/// `reeve service logs`
struct ServiceLogs: Command {
    static let configuration = CommandConfiguration(
        commandName: "logs",
        abstract: "Print what services wrote.",
        discussion: """
            What a service wrote to standard error goes to standard error. -f goes on over restarts of the service and \
            of the agent; without -n it begins with the last ten lines. Of several services every line has the name in \
            front, in a pipe with a tab behind it. With --json every piece is a line: stream, time, data, encoding.

            EXAMPLES:
              reeve service logs web
              reeve service logs -n 100 web --stream stderr
              reeve service logs -f db web
            """
    )

    @OptionGroup var options: GlobalOptions

    @Argument(help: "The services.", completion: .service)
    var names: [String]

    @OptionGroup var log: LogOptions

    func perform() async throws {
        let session = try await Session.open(options)
        // Each is known before anything is printed.
        for name in names { _ = try await session.call("service.get", ["service": .string(name)]) }
        let names = names.reduce(into: [String]()) { if !$0.contains($1) { $0.append($1) } }
        let sources = names.map { OutputSource(service: $0, stream: log.stream, session) }
        try await LogPrinter(session, sources, log).print()
    }
}
