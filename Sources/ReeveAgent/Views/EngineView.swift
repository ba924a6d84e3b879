import JSON
import ReeveEngine
import ReeveProtocol

/// The engine's report as clients see it (`engine.report`).
enum EngineView {
    static func json(_ report: EngineReport) -> JSON {
        json(report.value)
    }

    private static func json(_ value: ReportValue) -> JSON {
        switch value {
        case .text(let text): .string(text)
        case .integer(let number): .number(String(number))
        case .number(let number): .number(String(number))
        case .boolean(let flag): .bool(flag)
        case .time(let time): Timestamp(milliseconds: time).json
        case .list(let values): .array(values.map(json))
        case .object(let members):
            .object(JSONObject(members.all.map { .init(name: $0.name, value: json($0.value)) }))
        }
    }
}
