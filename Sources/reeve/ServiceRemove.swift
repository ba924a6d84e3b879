import ArgumentParser
import JSON

/// `reeve service rm`
struct ServiceRemove: Command {
    static let configuration = CommandConfiguration(
        commandName: "rm",
        abstract: "Stop services for good, and forget them and what they wrote.",
        discussion: """
            EXAMPLES:
              reeve service rm web
            """
    )

    @OptionGroup var options: GlobalOptions

    @Argument(help: "The services to remove.", completion: .service)
    var names: [String]

    func perform() async throws {
        let session = try await Session.open(options)
        for name in names {
            let answer = try await session.call("service.remove", ["service": .string(name)])
            if !session.printJSON(answer) { Standard.say("\(name): removed") }
        }
        try await ServiceDependents(session: session).tell(of: names, haveGone: false)
    }
}
