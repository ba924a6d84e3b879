/// Swift values from JSON and back: a `Decoder` and an `Encoder` over the tree, which say exactly what is wrong where.
package enum JSONCoder {
    /// What becomes of members that the decoded type has no key for.
    package enum UnknownFields: Sendable {
        /// They are errors, with the nearest name that is known: for what people and clients send.
        ///
        /// The check is made for each keyed container on its own. So a type that reads one object with two sets of
        /// keys must have a third that names them all and ask for a container by it, or decode one of the two from
        /// a part. For the nearest name the keys must be `CaseIterable`.
        case reject
        /// They are passed over: for what other versions of ourselves wrote.
        case ignore
    }

    /// A value of `type` from its JSON.
    ///
    /// Throws an error with the JSON Pointer of what is wrong: a wrong type, a required field that is missing, a
    /// number out of range, a name that stands twice, null where it may not be. An `InvalidValue` that `init(from:)`
    /// of a type throws comes through as it is (it has its path from `decoder.codingPath`).
    package static func decode<T: Decodable>(
        _ type: T.Type = T.self,
        from value: JSON,
        unknownFields: UnknownFields = .reject
    ) throws(InvalidValue) -> T {
        do {
            return try TreeDecoder(value, unknownFields: unknownFields).decode(type)
        } catch let error as InvalidValue {
            throw error
        } catch {
            throw InvalidValue(path: "", reason: String(describing: error))
        }
    }

    /// The JSON of a value; members stand in the order in which they are encoded, those of dictionaries by name.
    ///
    /// Throws an `InvalidValue` for numbers that JSON does not have (infinite, not a number), and what the type's
    /// own `encode(to:)` throws.
    package static func encode(_ value: some Encodable) throws -> JSON {
        let node = TreeNode()
        try TreeEncoder(node: node, path: nil).encode(value)
        return node.json
    }
}

extension JSONCoder {
    /// The case that `text` names, for types that read their enumerations themselves.
    ///
    /// The error lists what is allowed and tells the nearest. Enumerations with `String` raw values that have only the
    /// compiler's `init(from:)` get the same error without this.
    /// - Parameter path: Where the text stands: the decoder's `codingPath`.
    package static func decodeCase<T: RawRepresentable & CaseIterable>(
        _ type: T.Type = T.self,
        from text: String,
        at path: [any CodingKey]
    ) throws(InvalidValue) -> T where T.RawValue == String {
        guard let value = T(rawValue: text) else {
            throw unknownCase(text, allowed: T.allCases.map(\.rawValue), at: path)
        }
        return value
    }

    static func unknownCase(_ text: String, allowed: [String], at path: [any CodingKey]) -> InvalidValue {
        InvalidValue(
            at: path,
            reason: "cannot be \(quoted(text))",
            expected: allowed.isEmpty ? nil : "one of " + allowed.joined(separator: ", "),
            hint: nearest(text, among: allowed).map { "did you mean \($0)?" }
        )
    }

    /// A text of the client's in quotes for an error message, cut if it is long.
    static func quoted(_ text: String) -> String {
        JSON.string(text.count > 64 ? text.prefix(64) + "…" : text).text
    }
}
