import JSON
import ReeveProtocol

extension RequirementDefinition {
    /// The entry in `waitingFor` of what is required and is not so.
    var waitingFor: JSON {
        var entry: JSONObject = ["what": .string(description)]
        switch subject {
        case .service(let name): entry["service"] = .string(name)
        case .task(let id): entry["task"] = .string(id)
        }
        entry["condition"] = .string(effectiveCondition.rawValue)
        return .object(entry)
    }
}
