import ArgumentParser
import JSON
import ReeveProtocol

extension RestartPolicy: ExpressibleByArgument {}
extension ByteSize: ExpressibleByArgument {
    public init?(argument: String) {
        self.init(argument)
    }
}

/// How a service runs, as options.
struct ServiceOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Start it when this is so, and stop it when a service is so no more: db (it is ready), db:healthy (or "
                + "started, exited, succeeded), task:ID (its last run succeeded).",
            valueName: "name"
        ),
        completion: .service
    )
    var requires: [ServiceRequirement] = []

    @Option(help: "Whether it is started again when it ends by itself (default: always).")
    var restart: RestartPolicy?

    @Option(
        help: ArgumentHelp(
            "Wait so long after the first failure (default: 1s), twice as long after each further, at most 1m.",
            valueName: "duration"
        )
    )
    var restartDelay: Interval?

    @Option(
        help: ArgumentHelp(
            "Give it up after so many failures within ten minutes (default: never). If it is always started again, an end "
                + "with 0 counts too.",
            valueName: "count"
        )
    )
    var restartLimit: Int?

    @Option(help: ArgumentHelp("Ask it to end with this: TERM, INT, USR1.", valueName: "signal"))
    var signal: String?

    @Option(help: ArgumentHelp("Kill it if it takes longer to end (default: 10s).", valueName: "duration"))
    var grace: Interval?

    @Option(help: ArgumentHelp("Keep so much of its output (default: 16MiB).", valueName: "size"))
    var logSize: ByteSize?

    func add(to service: inout JSONObject) {
        service["requires"] = requires.isEmpty ? nil : .array(requires.map(\.definition))
        service["restart"] = Self.object([
            ("policy", restart.map { .string($0.rawValue) }), ("delay", restartDelay.map { .string($0.description) }),
            ("limit", restartLimit.map { .number($0) }),
        ])
        service["stop"] = Self.object([
            ("signal", signal.map(JSON.string)), ("grace", grace.map { .string($0.description) }),
        ])
        service["log"] = Self.object([("size", logSize.map { .string($0.description) })])
    }

    /// `nil` if none of the members has a value.
    static func object(_ members: [(String, JSON?)]) -> JSON? {
        let given = members.compactMap { name, value in value.map { JSONObject.Member(name: name, value: $0) } }
        return given.isEmpty ? nil : .object(given)
    }
}
