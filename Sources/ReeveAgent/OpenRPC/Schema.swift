import JSON
import ReeveProtocol

/// A JSON Schema (draft 7), put together from smaller ones.
struct Schema: Sendable {
    var json: JSONObject

    init(_ json: JSONObject) {
        self.json = json
    }

    static let any = Schema([:])
    static let string = Schema(["type": "string"])
    static let boolean = Schema(["type": "boolean"])
    static let number = Schema(["type": "number"])
    static let integer = Schema(["type": "integer"])
    /// A count, a size in bytes, a number of the journal.
    static let count = integer(from: 0)
    /// No value at all: a name that is kept for later.
    static let nothing = Schema(["not": [:]])

    static let duration = ref("Duration")
    static let time = ref("Time")
    static let timestamp = ref("Timestamp")
    static let uuid = ref("UUID")

    static func integer(from least: Int, to most: Int? = nil) -> Schema {
        var json: JSONObject = ["type": "integer", "minimum": .number(String(least))]
        json["maximum"] = most.map { .number(String($0)) }
        return Schema(json)
    }

    static func integer(in range: ClosedRange<Int>) -> Schema {
        integer(from: range.lowerBound, to: range.upperBound)
    }

    static func text(_ pattern: String) -> Schema {
        Schema(["type": "string", "pattern": .string(pattern)])
    }

    /// A shared schema, by its name in the document's components.
    static func ref(_ name: String) -> Schema {
        Schema(["$ref": .string(prefix + name)])
    }

    static let prefix = "#/components/schemas/"

    static func list(of element: Schema) -> Schema {
        Schema(["type": "array", "items": .object(element.json)])
    }

    static func map(of value: Schema) -> Schema {
        Schema(["type": "object", "additionalProperties": .object(value.json)])
    }

    static func either(_ schemas: Schema...) -> Schema {
        Schema(["anyOf": .array(schemas.map { .object($0.json) })])
    }

    /// Or `null`: known to be absent.
    var orNull: Schema { .either(self, Schema(["type": "null"])) }

    func described(_ text: String) -> Schema {
        var json = json
        json["description"] = .string(text)
        return Schema(json)
    }
}

// MARK: Words

extension Schema {
    /// In a request: one of these words.
    static func word<Word: WireWord>(_ type: Word.Type) -> Schema {
        Schema(["type": "string", "enum": words(type.allCases.map(\.rawValue))])
    }

    /// In an answer: one of these words, or one that a later version knows.
    static func openWord<Word: WireWord>(_ type: Word.Type) -> Schema {
        openWord(type.allCases.map(\.rawValue))
    }

    static func openWord(_ known: [String]) -> Schema {
        Schema(["type": "string", "examples": words(known)])
    }

    private static func words(_ words: [String]) -> JSON {
        .array(words.map(JSON.string))
    }
}

// MARK: Objects

/// A member of an object, or a parameter of a method.
struct Field: Sendable {
    var name: String
    var schema: Schema
    var isRequired: Bool
    var text: String

    static func required(_ name: String, _ schema: Schema, _ text: String) -> Field {
        Field(name: name, schema: schema, isRequired: true, text: text)
    }

    static func optional(_ name: String, _ schema: Schema, _ text: String) -> Field {
        Field(name: name, schema: schema, isRequired: false, text: text)
    }
}

extension Schema {
    /// What a client sends: an unknown member is an error.
    static func closed(_ fields: [Field]) -> Schema {
        var schema = open(fields)
        schema.json["additionalProperties"] = false
        return schema
    }

    /// What the agent sends: members may be added, and clients ignore those that they do not know.
    static func open(_ fields: [Field]) -> Schema {
        let properties = fields.map { field in
            JSONObject.Member(name: field.name, value: .object(field.schema.described(field.text).json))
        }
        var json: JSONObject = ["type": "object", "properties": .object(JSONObject(properties))]
        let required = fields.filter(\.isRequired).map { JSON.string($0.name) }
        if !required.isEmpty { json["required"] = .array(required) }
        return Schema(json)
    }

    /// The same value in an answer: nothing is closed, and pieces are those of answers too.
    ///
    /// - Parameter requests: the names of the shared schemas that exist in both forms.
    func answered(_ requests: Set<String>) -> Schema {
        Schema(Self.answered(json, requests))
    }

    /// What the answer's form of a request's shared schema is called.
    static func answeredName(_ name: String) -> String { "Stored" + name }

    private static func answered(_ object: JSONObject, _ requests: Set<String>) -> JSONObject {
        JSONObject(
            object.members.compactMap { member in
                switch (member.name, member.value) {
                case ("additionalProperties", .bool(false)): nil
                case ("enum", let words): .init(name: "examples", value: words)
                case ("$ref", .string(let path)):
                    .init(name: "$ref", value: .string(answeredPath(path, requests)))
                case (let name, let value): .init(name: name, value: answered(value, requests))
                }
            }
        )
    }

    private static func answered(_ value: JSON, _ requests: Set<String>) -> JSON {
        switch value {
        case .object(let object): .object(answered(object, requests))
        case .array(let elements): .array(elements.map { answered($0, requests) })
        default: value
        }
    }

    private static func answeredPath(_ path: String, _ requests: Set<String>) -> String {
        let name = String(path.dropFirst(prefix.count))
        return requests.contains(name) ? prefix + answeredName(name) : path
    }
}
