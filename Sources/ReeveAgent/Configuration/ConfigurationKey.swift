import JSON
import JSONRPC
import ReeveEngine
import ReeveProtocol

/// A key of the configuration: what it says, and what has to be done for another value of it to count.
struct ConfigurationKey: Sendable {
    enum Effect: Sendable, Hashable {
        /// It is looked at whenever it is needed.
        case atOnce
        /// These parts of the agent have to begin anew with it. No run, service or client ends by that.
        case parts(Set<String>)
        /// Only a start of the agent takes it over.
        case start
    }

    /// A JSON Pointer into the file.
    let path: String
    let effect: Effect
    /// As it stands in a file; `null` where it is not set.
    let value: @Sendable (Configuration) -> JSON
    /// Takes over what another configuration says.
    let copy: @Sendable (_ other: Configuration, _ own: inout Configuration) -> Void

    private init<Value>(
        _ path: String,
        _ field: any WritableKeyPath<Configuration, Value> & Sendable,
        _ effect: Effect,
        _ json: @escaping @Sendable (Value) -> JSON
    ) {
        self.path = path
        self.effect = effect
        value = { json($0[keyPath: field]) }
        copy = { $1[keyPath: field] = $0[keyPath: field] }
    }
}

extension ConfigurationKey {
    /// All but the endpoints, which stand in the store.
    static let all: [ConfigurationKey] = [
        ConfigurationKey("/agent/name", \.name, .start, text),
        ConfigurationKey("/sockets", \.sockets, .start) { .array($0.map(\.json)) },
        ConfigurationKey("/runner/kind", \.runnerKind, .parts(runs.union(files)), text),
        ConfigurationKey("/runner/concurrency", \.concurrency, .parts(runs), number),
        ConfigurationKey("/runner/stopTimeout", \.stopTimeout, .atOnce, text),
        ConfigurationKey("/runner/output/perStep", \.outputPerStep, .parts(runs), text),
        ConfigurationKey("/runner/output/perRun", \.outputPerRun, .atOnce, text),
        ConfigurationKey("/runner/output/total", \.outputTotal, .atOnce, text),
        ConfigurationKey("/runner/attachments/folders", \.attachmentFolders, .parts(runs.union(files))) {
            .array($0.map(JSON.string))
        },
        ConfigurationKey("/runner/history/perTask", \.historyPerTask, .parts(history), number),
        ConfigurationKey("/runner/history/age", \.historyAge, .parts(history), text),
        ConfigurationKey("/runner/history/size", \.historySize, .parts(history), text),
        ConfigurationKey("/runner/history/adHoc", \.historyAdHoc, .parts(history), text),
        ConfigurationKey("/store/retention/age", \.retentionAge, .parts(history), text),
        ConfigurationKey("/store/retention/size", \.space.retention, .parts(history), text),
        ConfigurationKey("/store/disk/budget", \.space.budget, .parts(history), text),
        ConfigurationKey("/store/deadLetters/age", \.deadLetterAge, .parts(history), text),
        ConfigurationKey("/store/deadLetters/size", \.deadLetterBytes, .parts(history)) { text(ByteSize(bytes: $0)) },
        ConfigurationKey("/scheduler/timeZone", \.timeZone, .start, text),
        ConfigurationKey("/scheduler/missed", \.missed, .parts([Part.scheduler.name]), text),
        ConfigurationKey("/scheduler/startBy", \.startBy, .parts(runs.union([Part.scheduler.name])), text),
        ConfigurationKey("/groups", \.groups, .parts(runs)) { groups in
            let named = groups.sorted { $0.key < $1.key }
            return .object(JSONObject(named.map { .init(name: $0.key, value: ["limit": number($0.value)]) }))
        },
        ConfigurationKey("/folders", \.folders, .parts(files)) { .array($0.map { .string($0.path) }) },
        ConfigurationKey("/log/level", \.logLevel, .atOnce, text),
        ConfigurationKey("/log/format", \.logFormat, .start, text),
        ConfigurationKey("/limits/message", \.limits.messageBytes, .start) { text(ByteSize(bytes: $0)) },
        ConfigurationKey("/limits/depth", \.limits.depth, .start, number),
        ConfigurationKey("/limits/batch", \.limits.batch, .start, number),
        ConfigurationKey("/limits/inFlight", \.limits.inFlight, .start, number),
        ConfigurationKey("/limits/connections", \.limits.connections, .start, number),
    ]

    private static let runs: Set<String> = [Part.runner.name]
    private static let files: Set<String> = [Part.dropIns.name]
    private static let history: Set<String> = [Manifolds.housekeeperName]

    private static func text(_ value: some CustomStringConvertible) -> JSON { .string(value.description) }
    private static func text(_ value: (some CustomStringConvertible)?) -> JSON {
        value.map { .string($0.description) } ?? .null
    }
    private static func text(_ value: RunnerKind) -> JSON { .string(value.rawValue) }
    private static func number(_ value: Int) -> JSON { .number(String(value)) }
}

extension SocketConfiguration {
    fileprivate var json: JSON {
        var json: JSONObject = ["path": .string(path), "mode": .string("0" + String(mode, radix: 8))]
        json["group"] = group.map(JSON.string)
        return .object(json)
    }
}
