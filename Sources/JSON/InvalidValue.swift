/// Why a value that is well-formed JSON cannot be taken, and what would be.
///
/// It is thrown by decoding, and by checks of a value's own; at the socket it becomes the `data` of an error.
package struct InvalidValue: Error, Sendable, Equatable {
    /// Where the value is: a JSON Pointer (RFC 6901), `""` for the whole.
    package var path: String
    /// What was wrong, naming the value: "must be a string, not a number".
    package var reason: String
    /// What would have been right, if it can be said shortly: "a duration such as 30s or 1h30m".
    package var expected: String?
    /// What to do about it: "did you mean timeZone?".
    package var hint: String?
    /// What was wrong as a stable word, for programs that have to tell such mistakes from each other.
    package var cause: String?

    package init(path: String, reason: String, expected: String? = nil, hint: String? = nil, cause: String? = nil) {
        self.path = path
        self.reason = reason
        self.expected = expected
        self.hint = hint
        self.cause = cause
    }

    package init(at path: [any CodingKey], reason: String, expected: String? = nil, hint: String? = nil) {
        self.init(path: Self.pointer(path), reason: reason, expected: expected, hint: hint)
    }

    /// The same, for a value that stands below `prefix` (a JSON Pointer) in a larger one.
    package func below(_ prefix: String) -> InvalidValue {
        var moved = self
        moved.path = prefix + path
        return moved
    }

    /// The JSON Pointer of a coding path; `~` and `/` are escaped as RFC 6901 §3 says.
    package static func pointer(_ path: [any CodingKey]) -> String {
        path.map { key in
            // A dictionary's key "007" also has an integer value; only what has no number as its name is an index.
            if let index = key.intValue, Int(key.stringValue) == nil { return "/\(index)" }
            return "/" + escaped(key.stringValue)
        }.joined()
    }

    package static func escaped(_ name: String) -> String {
        var result = ""
        for character in name {
            switch character {
            case "~": result += "~0"
            case "/": result += "~1"
            default: result.append(character)
            }
        }
        return result
    }
}

extension InvalidValue: CustomStringConvertible {
    package var description: String {
        let place = path.isEmpty ? "" : "\(path): "
        let wanted = expected.map { " (expected \($0))" } ?? ""
        let advice = hint.map { "; \($0)" } ?? ""
        return place + reason + wanted + advice
    }
}
