import ArgumentParser
import JSON
import JSONRPC
import ReeveProtocol

extension ServiceGoal: ExpressibleByArgument {}

/// `reeve service wait`
struct ServiceWait: Command {
    static let configuration = CommandConfiguration(
        commandName: "wait",
        abstract: "Wait until a service is so.",
        discussion: """
            Without --until: until it is ready, stopped, has done its work or has failed. Ends with 1 if it has failed, \
            or at the deadline, and says why.

            EXAMPLES:
              reeve service wait web --deadline 1m
              reeve service wait db --until healthy && ./migrate
            """
    )

    @OptionGroup var options: GlobalOptions

    @Argument(help: "The service.", completion: .service)
    var name: String

    @Option(help: ArgumentHelp("What to wait for (default: settled).", valueName: "state"))
    var until: ServiceGoal?

    @Option(help: ArgumentHelp("Give up after this.", valueName: "duration"))
    var deadline: Interval?

    func perform() async throws {
        let session = try await Session.open(options)
        var parameters: JSONObject = ["service": .string(name)]
        parameters["until"] = until.map { .string($0.rawValue) }
        parameters["deadline"] = deadline.map { .string($0.description) }
        var patience = Patience(session)
        let end: ServiceWatch.End
        do {
            end = .settled(try await patience.call("service.wait", parameters))
        } catch let error as RPCError where error.kind == "deadline" {
            end = .late(error, "not \((until ?? .settled).rawValue) within \(deadline ?? .zero)")
        }
        let isWell = try await ServiceReport(session: patience.session, done: nil).tell(name, end)
        // Whoever waits for an end has got it, however it came.
        guard isWell || (until == .stopped && end.isThere) else { throw ExitStatus(ExitCodes.refused) }
    }
}
