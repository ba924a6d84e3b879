import JSON
import ReeveProtocol

/// What the document says of one method.
struct MethodDescription: Sendable {
    var name: String
    var role: Role
    var summary: String
    var text: String
    /// In the order in which they may be given by position.
    var parameters: [Field]
    var result: Schema
    /// The kinds of error that are its own, beside those that every method may answer.
    var errors: [Failure.Kind]
    /// `{"params": {…}, "result": {…}}`, as JSON texts.
    var examples: [String]

    init(
        _ name: String,
        _ role: Role,
        _ summary: String,
        _ text: String = "",
        parameters: [Field] = [],
        result: Schema,
        errors: [Failure.Kind] = [],
        example: String,
        _ moreExamples: String...
    ) {
        self.name = name
        self.role = role
        self.summary = summary
        self.text = text
        self.parameters = parameters
        self.result = result
        self.errors = errors
        examples = [example] + moreExamples
    }

    /// The method object of OpenRPC.
    var json: JSON {
        var object: JSONObject = ["name": .string(name), "summary": .string(summary)]
        if !text.isEmpty { object["description"] = .string(text) }
        object["x-role"] = .string(role.rawValue)
        object["paramStructure"] = "either"
        object["params"] = .array(parameters.map(Self.descriptor))
        object["result"] = ["name": "result", "schema": .object(result.json)]
        object["errors"] = .array(allErrors.map { ["$ref": .string("#/components/errors/" + $0.rawValue)] })
        object["examples"] = .array(examples.enumerated().map { example($1, number: $0 + 1) })
        return .object(object)
    }

    /// A parameter as a content descriptor; one that is kept for later says so.
    static func descriptor(_ field: Field) -> JSON {
        [
            "name": .string(field.name), "description": .string(field.text), "required": .bool(field.isRequired),
            "schema": .object(field.schema.json),
        ]
    }

    private var allErrors: [Failure.Kind] {
        [.invalidParams] + (role == .none ? [] : [.forbidden]) + errors + [.internal]
    }

    private func example(_ text: String, number: Int) -> JSON {
        let pair = constant(text)
        let arguments = pair["params"]?.object?.members ?? []
        return [
            "name": .string(number == 1 ? name : "\(name) \(number)"),
            "params": .array(arguments.map { ["name": .string($0.name), "value": $0.value] }),
            "result": ["name": "result", "value": pair["result"] ?? nil],
        ]
    }

    /// A JSON text that is written in this program.
    private func constant(_ text: String) -> JSON {
        do {
            return try JSON(parsing: text)
        } catch {
            preconditionFailure("the example of \(name) is no JSON: \(error)")  // the document's test reads all of them
        }
    }
}
