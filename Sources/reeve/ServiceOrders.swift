import ArgumentParser
import JSON
import ReeveProtocol

/// How long a command waits for what it asked for.
struct ServicePatience: ParsableArguments {
    @Option(help: ArgumentHelp("How long to wait until it is so (default: 30s).", valueName: "duration"))
    var wait: Interval?

    @Flag(name: [.customShort("d"), .long], help: "Do not wait.")
    var detach = false

    var limit: Interval { wait ?? .seconds(30) }

    func validate() throws {
        guard wait == nil || !detach else { throw ValidationError("Give --wait or --detach, not both.") }
    }
}

/// Asks for something of several services, waits for all of them, and says what became of each.
struct ServiceOrders {
    let session: Session
    let patience: ServicePatience
    /// What was done to them, where their status does not say it.
    let done: String?
    var goal = ServiceGoal.settled

    /// Throws the status 1 if one is not well.
    ///
    /// - Parameter order: `start`, `stop` or `restart`.
    func perform(_ order: String, _ names: [String], reason: String?) async throws {
        // Each is known before anything is asked of the first.
        for name in names { _ = try await session.call("service.get", ["service": .string(name)]) }
        for name in names {
            var parameters: JSONObject = ["service": .string(name)]
            parameters["reason"] = reason.map(JSON.string)
            let answer = try await session.call("service.\(order)", parameters)
            guard patience.detach else { continue }
            if !session.printJSON(answer) { Standard.say("\(name): asked to \(order)") }
        }
        if !patience.detach { try await wait(names) }
    }

    func wait(_ names: [String]) async throws {
        let ends = try await withThrowingTaskGroup(of: (String, ServiceWatch.End).self) { group in
            for name in Set(names) {
                let watch = ServiceWatch(session: session, name: name, goal: goal, limit: patience.limit)
                group.addTask { (name, try await watch.untilEnd()) }
            }
            return try await group.reduce(into: [:]) { $0[$1.0] = $1.1 }
        }
        let report = ServiceReport(session: session, done: done)
        var isWell = true
        for name in names {
            if let end = ends[name], try await !report.tell(name, end) { isWell = false }
        }
        guard isWell else { throw ExitStatus(ExitCodes.refused) }
    }
}
