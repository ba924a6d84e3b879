import ArgumentParser
import JSON
import ReeveProtocol

extension Outcome: ExpressibleByArgument {}

/// What people mostly want to hear of.
enum Only: String, ExpressibleByArgument {
    /// What a person has to look at.
    case failures
    /// Each run once, when it is over.
    case ends
    /// Runs that ended otherwise than the one before.
    case changes

    static let failureTypes = [
        "dev.reeve.run.failed", "dev.reeve.run.timedOut", "dev.reeve.run.lost", "dev.reeve.run.missed",
        "dev.reeve.run.invalid", "dev.reeve.service.failed", "dev.reeve.agent.crashed",
    ]

    func add(to filter: inout JSONObject) {
        switch self {
        case .failures: filter["types"] = .array(Self.failureTypes.map(JSON.string))
        case .ends:
            filter["types"] = ["dev.reeve.run.*"]
            filter["final"] = true
        case .changes: filter["changedOnly"] = true
        }
    }
}

/// What an endpoint takes, as options.
struct FilterOptions: ParsableArguments {
    @Option(help: ArgumentHelp("This type; * stands for any characters: 'order.*'.", valueName: "type"))
    var type: [String] = []

    @Option(
        help: ArgumentHelp(
            "failures, ends or changes: of runs; failures of services and the agent as well.",
            valueName: "what"
        )
    )
    var only: Only?

    @Option(help: ArgumentHelp("This lane: task:ID, 'task:*', event:SUBJECT.", valueName: "lane"))
    var lane: [String] = []

    @Option(name: [.customShort("l"), .long], help: ArgumentHelp("Runs of tasks with this label.", valueName: "K=V"))
    var label: [Assignment] = []

    @Option(help: ArgumentHelp("Runs that ended so.", valueName: "outcome"))
    var outcome: [Outcome] = []

    @Flag(help: "Runs that ended otherwise than the one before.")
    var changedOnly = false

    @Flag(help: "Of a run only its last change.")
    var final = false

    func definition(_ written: JSONObject?) throws -> JSON? {
        var filter = written ?? [:]
        only?.add(to: &filter)
        if !type.isEmpty { filter["types"] = .array(type.map(JSON.string)) }
        if !lane.isEmpty { filter["lanes"] = .array(lane.map(JSON.string)) }
        if let labels = try label.pairs("--label") { filter["labels"] = labels }
        if !outcome.isEmpty { filter["outcomes"] = .array(outcome.map { .string($0.rawValue) }) }
        if changedOnly { filter["changedOnly"] = true }
        if final { filter["final"] = true }
        return filter.members.isEmpty ? nil : .object(filter)
    }
}
