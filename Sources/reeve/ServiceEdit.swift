import ArgumentParser
import JSON
import JSONRPC
import ReeveProtocol

/// `reeve service edit`
struct ServiceEdit: Command {
    static let configuration = CommandConfiguration(
        commandName: "edit",
        abstract: "Change a service in your editor.",
        discussion: """
            Opens the service as YAML in $VISUAL, else $EDITOR, else vi. What is saved is put, and what runs is started \
            anew where the change needs it. What the agent refuses can be edited again.

            EXAMPLES:
              reeve service edit web
              EDITOR=nano reeve service edit web
            """
    )

    @OptionGroup var options: GlobalOptions
    @OptionGroup(title: "Waiting") var patience: ServicePatience

    @Argument(help: "The service to change.", completion: .service)
    var name: String

    func perform() async throws {
        let session = try await Session.open(options)
        let edit = DefinitionEdit(kind: .service, name: name, session: session)
        let answer = try await edit.perform { written, revision in
            guard written["name"]?.string == name else {
                throw CommandFailure(.refused, "the name cannot be changed", hint: "add it anew, and remove this one")
            }
            try await refuseIfChanged(since: revision, session)
            return try await session.call("service.put", ["service": written])
        }
        guard let answer else { return }
        guard !patience.detach else {
            if !session.printJSON(answer) { Standard.say("\(name): changed") }
            return
        }
        try await ServiceOrders(session: session, patience: patience, done: "changed", goal: .settled).wait([name])
    }

    // The agent's put does not take the revision that it is meant for.
    private func refuseIfChanged(since revision: JSON?, _ session: Session) async throws {
        let current = try await session.call("service.get", ["service": .string(name)])["revision"]
        guard current == revision else {
            throw RPCError(code: 2, message: "somebody else changed \(name) meanwhile", kind: "conflict")
        }
    }
}
