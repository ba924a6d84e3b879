package import JSON

/// Checks values against JSON Schemas (draft 7), as far as the contract uses them.
///
/// A keyword that is not known here is a problem of the schema's, so that nothing is taken for checked that is not.
package struct JSONSchema: Sendable {
    private let document: JSON

    /// - Parameter document: what `$ref` points into (`#/…`).
    package init(document: JSON) {
        self.document = document
    }

    /// All that is wrong with a value, each with its place; empty for a good one.
    package func problems(of value: JSON, by schema: JSON, at path: String = "") -> [String] {
        guard case .object(let keywords) = schema else {
            return schema == true ? [] : ["\(path): the schema is \(schema.text)"]
        }
        if let reference = keywords["$ref"] {
            // In draft 7 what stands beside a reference has no effect.
            guard let target = reference.string.flatMap(target) else {
                return ["\(path): nothing at \(reference.text)"]
            }
            return problems(of: value, by: target, at: path)
        }
        return keywords.members.flatMap { member in
            problems(of: value, keyword: member.name, member.value, keywords, at: path)
        }
    }

    /// What a reference points to.
    package func target(_ reference: String) -> JSON? {
        guard reference.hasPrefix("#/") else { return nil }
        return reference.dropFirst(2).split(separator: "/").reduce(document as JSON?) { value, name in
            value?[String(name)]
        }
    }

    private func problems(
        of value: JSON,
        keyword: String,
        _ argument: JSON,
        _ all: JSONObject,
        at path: String
    ) -> [String] {
        switch keyword {
        case "description", "examples", "default": []
        case "type": isOf(argument.string ?? "", value) ? [] : ["\(path): \(value.kindName), not \(argument.text)"]
        case "enum":
            argument.array?.contains(value) == true ? [] : ["\(path): \(value.text) is not in \(argument.text)"]
        case "const": value == argument ? [] : ["\(path): \(value.text) is not \(argument.text)"]
        case "not": problems(of: value, by: argument).isEmpty ? ["\(path): \(value.text) is what must not be"] : []
        case "anyOf", "oneOf": alternatives(value, argument.array ?? [], exactly: keyword == "oneOf", at: path)
        case "properties", "required", "additionalProperties", "items":
            structure(value, keyword: keyword, argument, all, at: path)
        case "pattern", "minLength", "maxLength": text(value, keyword: keyword, argument, at: path)
        case "minimum", "maximum": number(value, keyword: keyword, argument, at: path)
        default: ["\(path): the schema has \"\(keyword)\", which is not known here"]
        }
    }

    private func isOf(_ type: String, _ value: JSON) -> Bool {
        switch (type, value) {
        case ("null", .null), ("boolean", .bool), ("number", .number), ("string", .string), ("array", .array),
            ("object", .object):
            true
        case ("integer", .number(let text)): !text.contains { ".eE".contains($0) }
        default: false
        }
    }

    private func alternatives(_ value: JSON, _ schemas: [JSON], exactly: Bool, at path: String) -> [String] {
        let found = schemas.map { problems(of: value, by: $0, at: path) }
        let matching = found.count { $0.isEmpty }
        if matching == 1 || matching > 1 && !exactly { return [] }
        return ["\(path): \(matching) of \(schemas.count) alternatives match"] + found.flatMap(\.self)
    }
}

extension JSONSchema {
    private func structure(
        _ value: JSON,
        keyword: String,
        _ argument: JSON,
        _ all: JSONObject,
        at path: String
    ) -> [String] {
        switch (keyword, value) {
        case ("items", .array(let elements)):
            return elements.enumerated().flatMap { problems(of: $1, by: argument, at: "\(path)/\($0)") }
        case ("required", .object(let object)):
            let names = (argument.array ?? []).compactMap(\.string)
            return names.filter { object[$0] == nil }.map { "\(path): \"\($0)\" is missing" }
        case ("properties", .object(let object)):
            return object.members.flatMap { member in
                argument[member.name].map { problems(of: member.value, by: $0, at: "\(path)/\(member.name)") } ?? []
            }
        case ("additionalProperties", .object(let object)):
            let others = object.members.filter { all["properties"]?[$0.name] == nil }
            guard argument != false else { return others.map { "\(path): \"\($0.name)\" is not known" } }
            return others.flatMap { problems(of: $0.value, by: argument, at: "\(path)/\($0.name)") }
        default: return []
        }
    }

    private func text(_ value: JSON, keyword: String, _ argument: JSON, at path: String) -> [String] {
        guard let text = value.string else { return [] }
        let isGood: Bool
        switch keyword {
        case "minLength": isGood = text.unicodeScalars.count >= argument.integer ?? .max
        case "maxLength": isGood = text.unicodeScalars.count <= argument.integer ?? 0
        default:
            guard let regex = argument.string.flatMap({ try? Regex($0) }) else {
                return ["\(path): bad \(argument.text)"]
            }
            isGood = text.firstMatch(of: regex) != nil
        }
        return isGood ? [] : ["\(path): \(value.text) does not match \(keyword) \(argument.text)"]
    }

    private func number(_ value: JSON, keyword: String, _ argument: JSON, at path: String) -> [String] {
        guard case .number(let text) = value, case .number(let bound) = argument, let number = Double(text),
            let limit = Double(bound)
        else { return [] }
        let isGood = keyword == "minimum" ? number >= limit : number <= limit
        return isGood ? [] : ["\(path): \(text) is beyond the \(keyword) \(bound)"]
    }
}
