import JSON
import ReeveEngine
import ReeveProtocol

/// The engine's report as clients see it (`engine.report`).
enum EngineView {
    static func json(_ report: EngineReport) -> JSON {
        var object: JSONObject = ["state": .string(report.state.rawValue)]
        object["error"] = report.error.map(JSON.string)
        object["manifolds"] = .object(
            JSONObject(report.manifolds.map { .init(name: $0.name, value: manifold($0)) })
        )
        return .object(object)
    }

    private static func manifold(_ report: ManifoldReport) -> JSON {
        var object: JSONObject = ["state": .string(report.state.rawValue)]
        object["inputs"] = .array(report.inputs.map(input))
        object["starts"] = .number(String(report.starts))
        object["error"] = report.error.map(JSON.string)
        object["errorAt"] = report.errorTime.map { Timestamp(milliseconds: $0).json }
        object["startedAt"] = report.startedTime.map { Timestamp(milliseconds: $0).json }
        object["nextTry"] = report.nextTry.map { Timestamp(milliseconds: $0).json }
        if !report.waitingFor.isEmpty { object["waitingFor"] = .array(report.waitingFor.map(JSON.string)) }
        object["rest"] = report.rest.map { .string($0.rawValue) }
        if report.isOverdue { object["overdue"] = true }
        object["report"] = report.report.map(value)
        return .object(object)
    }

    private static func input(_ report: ManifoldReport.InputReport) -> JSON {
        let kind =
            switch report.kind {
            case .required: "required"
            case .optional: "optional"
            case .live: "live"
            }
        return ["name": .string(report.resource), "kind": .string(kind), "present": .bool(report.isPresent)]
    }

    private static func value(_ value: ReportValue) -> JSON {
        switch value {
        case .text(let text): .string(text)
        case .integer(let number): .number(String(number))
        case .number(let number): .number(String(number))
        case .boolean(let flag): .bool(flag)
        case .time(let time): Timestamp(milliseconds: time).json
        case .list(let values): .array(values.map(Self.value))
        case .object(let members):
            .object(
                JSONObject(members.sorted { $0.key < $1.key }.map { .init(name: $0.key, value: Self.value($0.value)) })
            )
        }
    }
}
