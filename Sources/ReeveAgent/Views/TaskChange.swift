import JSON
import ReeveProtocol
import ReeveStore

/// What becomes of one task among many, as clients see it.
struct TaskChange: Sendable {
    /// `nil`: there was none.
    var before: StoredTask?
    /// `nil`: it is removed.
    var after: StoredTask?
    var warnings: [String] = []

    var action: String {
        switch (before, after) {
        case (nil, _): "created"
        case (_, nil): "removed"
        case (let before?, let after?): before.revision == after.revision ? "same" : "changed"
        }
    }

    func json() throws -> JSON {
        let task = after ?? before
        var object: JSONObject = ["task": .string(task?.id ?? ""), "action": .string(action)]
        object["revision"] = task.map { .number(String($0.revision)) }
        object["diff"] = .array(try differences.map(Self.json))
        if !warnings.isEmpty { object["warnings"] = .array(warnings.map(JSON.string)) }
        return .object(object)
    }

    private var differences: [JSONDifference] {
        get throws {
            guard let before, let after else { return [] }
            return try Self.content(after).differences(from: Self.content(before))
        }
    }

    private static func json(_ difference: JSONDifference) -> JSON {
        var object: JSONObject = ["path": .string(difference.path)]
        object["before"] = difference.before
        object["after"] = difference.after
        return .object(object)
    }

    private static func content(_ task: StoredTask) throws -> JSON {
        var definition = task.definition
        definition.revision = nil
        return try JSONCoder.encode(definition)
    }
}
