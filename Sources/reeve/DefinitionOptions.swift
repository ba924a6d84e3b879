import ArgumentParser
import JSON

/// What tasks and services are defined by alike, as options.
struct DefinitionOptions: ParsableArguments {
    @Option(name: .customLong("as"), help: ArgumentHelp("Run as this user.", valueName: "user"))
    var runAs: String?

    @Option(
        name: [.customShort("C"), .long],
        help: ArgumentHelp("Run in this folder.", valueName: "dir"),
        completion: .directory
    )
    var directory: String?

    @Option(
        name: [.customShort("e"), .customLong("env")],
        help: ArgumentHelp("Set a variable; K alone takes the value that it has here.", valueName: "K[=V]")
    )
    var environment: [Assignment] = []

    @Option(name: [.customShort("l"), .long], help: ArgumentHelp("Add a label.", valueName: "K=V"))
    var label: [Assignment] = []

    @Option(help: ArgumentHelp("Say what it is for.", valueName: "text"))
    var description: String?

    func add(to definition: inout JSONObject) throws {
        definition["description"] = description.map(JSON.string)
        definition["user"] = runAs.map(JSON.string)
        definition["workingDirectory"] = directory.map(JSON.string)
        definition["environment"] = try environment.environment()
        definition["labels"] = try label.pairs("--label")
    }
}
