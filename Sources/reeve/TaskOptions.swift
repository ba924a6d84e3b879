import ArgumentParser
import JSON
import ReeveProtocol

extension MissedPolicy: ExpressibleByArgument {}
extension OverlapPolicy: ExpressibleByArgument {}

/// How a task runs, as options.
struct TaskOptions: ParsableArguments {
    @Option(name: .customLong("as"), help: ArgumentHelp("Run as this user.", valueName: "user"))
    var runAs: String?

    @Option(name: [.customShort("C"), .long], help: ArgumentHelp("Run in this folder.", valueName: "dir"))
    var directory: String?

    @Option(
        name: [.customShort("e"), .customLong("env")],
        help: ArgumentHelp("Set a variable; K alone takes the value that it has here.", valueName: "K[=V]")
    )
    var environment: [Assignment] = []

    @Option(help: ArgumentHelp("End a run that takes longer.", valueName: "duration"))
    var timeout: Interval?

    @Option(help: ArgumentHelp("How late a due run may still start.", valueName: "duration"))
    var startBy: Interval?

    @Option(help: "What becomes of times that passed while nobody could start it.")
    var missed: MissedPolicy?

    @Option(help: "What becomes of a time while a run still goes.")
    var overlap: OverlapPolicy?

    @Option(name: [.customShort("l"), .long], help: ArgumentHelp("Add a label.", valueName: "K=V"))
    var label: [Assignment] = []

    @Option(help: ArgumentHelp("Say what it is for.", valueName: "text"))
    var description: String?

    func add(to task: inout JSONObject) throws {
        task["user"] = runAs.map(JSON.string)
        task["workingDirectory"] = directory.map(JSON.string)
        task["environment"] = try environment.environment()
        task["timeout"] = timeout.map { .string($0.description) }
        task["startBy"] = startBy.map { .string($0.description) }
        task["missed"] = missed.map { .string($0.rawValue) }
        task["overlap"] = overlap.map { .string($0.rawValue) }
        task["labels"] = try label.pairs("--label")
    }
}
