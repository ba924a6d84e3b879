/// A `Decoder` at one value of the tree.
struct TreeDecoder: Decoder {
    let value: JSON
    let unknownFields: JSONCoder.UnknownFields
    private let parent: CodingPath?
    private let key: (any CodingKey)?

    /// - Parameters:
    ///   - parent: The way to the value above.
    ///   - key: The last step from there to this one; the two become one path only where that is needed.
    init(
        _ value: JSON,
        below parent: CodingPath? = nil,
        at key: (any CodingKey)? = nil,
        unknownFields: JSONCoder.UnknownFields
    ) {
        self.value = value
        self.parent = parent
        self.key = key
        self.unknownFields = unknownFields
    }

    /// The way to this value.
    var path: CodingPath? { key.map { CodingPath(parent, $0) } ?? parent }
    var codingPath: [any CodingKey] { CodingPath.keys(path) }
    var userInfo: [CodingUserInfoKey: Any] { [:] }

    func container<Key: CodingKey>(keyedBy type: Key.Type) throws -> KeyedDecodingContainer<Key> {
        KeyedDecodingContainer(try TreeKeyedDecoding<Key>(self))
    }

    func unkeyedContainer() throws -> any UnkeyedDecodingContainer {
        try TreeUnkeyedDecoding(self)
    }

    func singleValueContainer() -> any SingleValueDecodingContainer { self }

    func wrongKind(_ wanted: String) -> InvalidValue {
        InvalidValue(at: codingPath, reason: "must be \(wanted), not \(value.kindName)")
    }
}

extension TreeDecoder: SingleValueDecodingContainer {
    func decodeNil() -> Bool { value.isNull }

    func decode(_ type: Bool.Type) throws -> Bool {
        guard case .bool(let value) = value else { throw wrongKind("a boolean") }
        return value
    }

    func decode(_ type: String.Type) throws -> String {
        guard case .string(let value) = value else { throw wrongKind("a string") }
        return value
    }

    func decode(_ type: Double.Type) throws -> Double {
        guard case .number(let text) = value else { throw wrongKind("a number") }
        guard let number = Double(text), number.isFinite else { throw outOfRange(text) }
        return number
    }

    func decode(_ type: Float.Type) throws -> Float {
        guard case .number(let text) = value else { throw wrongKind("a number") }
        guard let number = Float(text), number.isFinite else { throw outOfRange(text) }
        return number
    }

    /// `2`, and what is the same number: `2.0`, `2e0`.
    func decode<T: Decodable & FixedWidthInteger>(_ type: T.Type) throws -> T {
        guard case .number(let text) = value else { throw wrongKind("a whole number") }
        if let number = T(text) { return number }
        guard text.utf8.contains(where: { ".eE".utf8.contains($0) }), let number = Double(text) else {
            throw outOfRange(text, from: T.min, to: T.max)
        }
        guard number.rounded(.towardZero) == number else {
            throw InvalidValue(at: codingPath, reason: "must be a whole number, not \(text.prefix(64))")
        }
        guard let exact = T(exactly: number) else { throw outOfRange(text, from: T.min, to: T.max) }
        return exact
    }

    func decode<T: Decodable>(_ type: T.Type) throws -> T {
        do {
            return try T(from: self)
        } catch let error as DecodingError {
            throw translated(error, for: type)
        }
    }

    private func outOfRange(_ text: String) -> InvalidValue {
        InvalidValue(at: codingPath, reason: "\(text.prefix(64)) is out of range")
    }

    private func outOfRange<T: FixedWidthInteger>(_ text: String, from least: T, to greatest: T) -> InvalidValue {
        let reason = "\(text.prefix(64)) is out of range"
        return InvalidValue(at: codingPath, reason: reason, expected: "a whole number from \(least) to \(greatest)")
    }

    /// What the standard library's own `init(from:)` throws, in our words.
    private func translated<T>(_ error: DecodingError, for type: T.Type) -> InvalidValue {
        switch error {
        case .dataCorrupted(let context):
            if case .string(let text) = value, type is any RawRepresentable.Type,
                context.codingPath.count == codingPath.count
            {
                return JSONCoder.unknownCase(text, allowed: rawValues(of: type), at: codingPath)
            }
            return InvalidValue(at: context.codingPath, reason: context.debugDescription)
        case .keyNotFound(let key, let context):
            return InvalidValue(at: context.codingPath + [key], reason: "is required")
        case .typeMismatch(_, let context), .valueNotFound(_, let context):
            return InvalidValue(at: context.codingPath, reason: context.debugDescription)
        @unknown default:
            return InvalidValue(at: codingPath, reason: String(describing: error))
        }
    }
}

/// The texts that an enumeration has as raw values, as far as the type can list them.
private func rawValues(of type: Any.Type) -> [String] {
    func list<Cases: CaseIterable>(_ type: Cases.Type) -> [String] {
        type.allCases.compactMap { ($0 as? any RawRepresentable)?.rawValue as? String }
    }
    return (type as? any CaseIterable.Type).map { list($0) } ?? []
}
