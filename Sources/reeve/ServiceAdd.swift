import ArgumentParser
import JSON

/// `reeve service add`
struct ServiceAdd: Command {
    static let configuration = CommandConfiguration(
        commandName: "add",
        abstract: "Add a service, and keep it running.",
        discussion: """
            The command stands after "--" and runs without a shell; -c gives a line to /bin/sh. It must not go to the \
            background by itself. Without a --ready-… option it counts as ready as soon as it runs. The command waits \
            until it is ready, and ends with 1 if it is not.

            EXAMPLES:
              reeve service add files --ready-tcp localhost:8000 -- python3 -m http.server
              reeve service add beat --requires files -c 'while date; do sleep 5; done'
              reeve service add disk --probe-exec 'test -w /tmp' -- sleep infinity
              reeve service add told --ready-notify -c 'systemd-notify --ready; sleep 1h'
              reeve service add once --requires files:healthy --restart never -- date
            """
    )

    @OptionGroup var options: GlobalOptions
    @OptionGroup(title: "What") var what: DefinitionOptions
    @OptionGroup(title: "How") var how: ServiceOptions
    @OptionGroup(title: "Bounds") var limits: LimitOptions
    @OptionGroup(title: "Ready and healthy") var health: ServiceHealthOptions
    @OptionGroup(title: "Waiting") var patience: ServicePatience

    @Argument(help: ArgumentHelp("Letters, digits, dots, hyphens and underscores.", valueName: "name"))
    var name: String

    @Flag(help: "Change the service if there is one of this name.")
    var replace = false

    @OptionGroup var command: CommandArguments

    func validate() throws {
        _ = try definition()
    }

    /// The service that the arguments describe.
    func definition() throws -> JSONObject {
        var service: JSONObject = ["name": .string(name)]
        service["command"] = command.json
        try what.add(to: &service)
        how.add(to: &service)
        limits.add(to: &service)
        health.add(to: &service)
        return service
    }

    func perform() async throws {
        let session = try await Session.open(options)
        let answer = try await Definition.add(.service, definition(), replace: replace, session)
        for warning in answer["warnings"]?.array ?? [] where !session.wantsJSON {
            Standard.say("\(name): warning: \(warning.string ?? warning.text)")
        }
        let action = Definition.action(answer)
        let done = action == "created" ? "added" : action == "same" ? "was so already" : "changed"
        if patience.detach {
            if !session.printJSON(answer) { Standard.say("\(name): \(done)") }
            return
        }
        try await ServiceOrders(session: session, patience: patience, done: done).wait([name])
    }
}
