/// The members of an object, for a type that decodes itself by keys.
struct TreeKeyedDecoding<Key: CodingKey>: KeyedDecodingContainerProtocol {
    private let decoder: TreeDecoder
    private let path: CodingPath?
    private let table: MemberTable

    init(_ decoder: TreeDecoder) throws(InvalidValue) {
        guard case .object(let object) = decoder.value else { throw decoder.wrongKind("an object") }
        self.decoder = decoder
        path = decoder.path
        table = MemberTable(object)
        if let name = table.repeatedName {
            throw InvalidValue(at: decoder.codingPath + [NameKey(name)], reason: "is given more than once")
        }
        if decoder.unknownFields == .reject { try rejectUnknownFields() }
    }

    private func rejectUnknownFields() throws(InvalidValue) {
        for member in table.members where Key(stringValue: member.name) == nil {
            throw InvalidValue(
                at: codingPath + [NameKey(member.name)],
                reason: "unknown field",
                hint: nearest(member.name, among: knownNames).map { "did you mean \($0)?" }
            )
        }
    }

    /// The names of all keys, as far as the type of the keys can list them.
    private var knownNames: [String] {
        func list<Keys: CaseIterable>(_ type: Keys.Type) -> [String] {
            type.allCases.compactMap { ($0 as? any CodingKey)?.stringValue }
        }
        return (Key.self as? any CaseIterable.Type).map { list($0) } ?? []
    }

    var codingPath: [any CodingKey] { decoder.codingPath }
    var allKeys: [Key] { table.members.compactMap { Key(stringValue: $0.name) } }

    func contains(_ key: Key) -> Bool { table[key.stringValue] != nil }

    private func member(_ key: Key) throws(InvalidValue) -> TreeDecoder {
        guard let value = table[key.stringValue] else {
            throw InvalidValue(at: codingPath + [key], reason: "is required")
        }
        return below(key, value)
    }

    private func below(_ key: some CodingKey, _ value: JSON) -> TreeDecoder {
        TreeDecoder(value, below: path, at: key, unknownFields: decoder.unknownFields)
    }

    /// Nil where the member is absent or null.
    private func memberIfPresent(_ key: Key) -> TreeDecoder? {
        guard let value = table[key.stringValue], !value.isNull else { return nil }
        return below(key, value)
    }

    func decodeNil(forKey key: Key) throws -> Bool { try member(key).decodeNil() }
    func decode(_ type: Bool.Type, forKey key: Key) throws -> Bool { try member(key).decode(type) }
    func decode(_ type: String.Type, forKey key: Key) throws -> String { try member(key).decode(type) }
    func decode(_ type: Double.Type, forKey key: Key) throws -> Double { try member(key).decode(type) }
    func decode(_ type: Float.Type, forKey key: Key) throws -> Float { try member(key).decode(type) }
    func decode<T: Decodable & FixedWidthInteger>(_ type: T.Type, forKey key: Key) throws -> T {
        try member(key).decode(type)
    }
    func decode<T: Decodable>(_ type: T.Type, forKey key: Key) throws -> T { try member(key).decode(type) }

    func decodeIfPresent(_ type: Bool.Type, forKey key: Key) throws -> Bool? {
        try memberIfPresent(key)?.decode(type)
    }
    func decodeIfPresent(_ type: String.Type, forKey key: Key) throws -> String? {
        try memberIfPresent(key)?.decode(type)
    }
    func decodeIfPresent(_ type: Double.Type, forKey key: Key) throws -> Double? {
        try memberIfPresent(key)?.decode(type)
    }
    func decodeIfPresent(_ type: Float.Type, forKey key: Key) throws -> Float? {
        try memberIfPresent(key)?.decode(type)
    }
    func decodeIfPresent<T: Decodable & FixedWidthInteger>(_ type: T.Type, forKey key: Key) throws -> T? {
        try memberIfPresent(key)?.decode(type)
    }
    func decodeIfPresent<T: Decodable>(_ type: T.Type, forKey key: Key) throws -> T? {
        try memberIfPresent(key)?.decode(type)
    }

    func nestedContainer<Nested: CodingKey>(
        keyedBy type: Nested.Type,
        forKey key: Key
    ) throws -> KeyedDecodingContainer<Nested> {
        try member(key).container(keyedBy: type)
    }

    func nestedUnkeyedContainer(forKey key: Key) throws -> any UnkeyedDecodingContainer {
        try member(key).unkeyedContainer()
    }

    func superDecoder() throws -> any Decoder {
        below(NameKey("super"), table["super"] ?? .null)
    }

    func superDecoder(forKey key: Key) throws -> any Decoder { try member(key) }
}
