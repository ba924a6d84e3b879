import ArgumentParser
import JSON
import ReeveProtocol

/// `reeve service stop`
struct ServiceStop: Command {
    static let configuration = CommandConfiguration(
        commandName: "stop",
        abstract: "Stop services until they are started by hand. What requires them stops too.",
        discussion: """
            They are asked to end, and killed after their grace. Waits until nothing of them runs.

            EXAMPLES:
              reeve service stop web
              reeve service stop web db --reason 'disk is being replaced'
            """
    )

    @OptionGroup var options: GlobalOptions
    @OptionGroup var patience: ServicePatience

    @Argument(help: "The services.", completion: .service)
    var names: [String]

    @Option(help: ArgumentHelp("Why, for who looks.", valueName: "text"))
    var reason: String?

    func perform() async throws {
        let session = try await Session.open(options)
        try await ServiceOrders(session: session, patience: patience, done: nil, goal: .stopped)
            .perform("stop", names, reason: reason)
        guard !session.wantsJSON else { return }
        try await ServiceDependents(session: session).tell(of: names)
    }
}

/// What requires services that are not there.
struct ServiceDependents {
    let session: Session

    /// Says who waits for them now.
    func tell(of names: [String]) async throws {
        let services = try await session.list("service.list", [:], "services")["services"]?.array ?? []
        let waiting = Self.waiting(for: names, among: services)
        guard !waiting.isEmpty else { return }
        Standard.say("  what requires it waits now: \(waiting.joined(separator: ", "))")
    }

    /// These wait for nothing.
    private static let atRest: Set<String> = ["stopped", "completed", "failed"]

    /// All that can no longer run, in the order in which they would be started again.
    static func waiting(for names: [String], among services: [JSON]) -> [String] {
        var gone = Set(names)
        var found: [String] = []
        while let next = services.first(where: { service in
            guard let name = service["name"]?.string, !gone.contains(name) else { return false }
            guard let status = service["status"]?.string, !atRest.contains(status) else { return false }
            return !gone.isDisjoint(with: ServiceOrder.required(by: service))
        })?["name"]?.string {
            gone.insert(next)
            found.append(next)
        }
        return found
    }
}
