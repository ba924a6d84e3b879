/// The members of an object that is being encoded.
struct TreeKeyedEncoding<Key: CodingKey>: KeyedEncodingContainerProtocol {
    private let encoder: TreeEncoder

    init(_ encoder: TreeEncoder) {
        self.encoder = encoder
        encoder.node.becomeObject()
    }

    var codingPath: [any CodingKey] { encoder.codingPath }

    private func member(_ key: some CodingKey, _ body: (TreeEncoder) throws -> Void) rethrows {
        let member = encoder.below(key)
        try body(member)
        encoder.node.set(key.stringValue, member.node)
    }

    func encodeNil(forKey key: Key) { encoder.node.set(key.stringValue, TreeNode(.null)) }
    func encode(_ value: Bool, forKey key: Key) { encoder.node.set(key.stringValue, TreeNode(.bool(value))) }
    func encode(_ value: String, forKey key: Key) { encoder.node.set(key.stringValue, TreeNode(.string(value))) }
    func encode(_ value: Double, forKey key: Key) throws { try member(key) { try $0.encode(value) } }
    func encode(_ value: Float, forKey key: Key) throws { try member(key) { try $0.encode(value) } }
    func encode<T: Encodable & FixedWidthInteger>(_ value: T, forKey key: Key) {
        encoder.node.set(key.stringValue, TreeNode(.number(String(value))))
    }
    func encode<T: Encodable>(_ value: T, forKey key: Key) throws { try member(key) { try $0.encode(value) } }

    func nestedContainer<Nested: CodingKey>(
        keyedBy type: Nested.Type,
        forKey key: Key
    ) -> KeyedEncodingContainer<Nested> {
        superEncoder(below: key).container(keyedBy: type)
    }

    func nestedUnkeyedContainer(forKey key: Key) -> any UnkeyedEncodingContainer {
        superEncoder(below: key).unkeyedContainer()
    }

    func superEncoder() -> any Encoder { superEncoder(below: NameKey("super")) }
    func superEncoder(forKey key: Key) -> any Encoder { superEncoder(below: key) }

    private func superEncoder(below key: some CodingKey) -> TreeEncoder {
        let member = encoder.below(key)
        encoder.node.set(key.stringValue, member.node)
        return member
    }
}

/// The elements of an array that is being encoded.
struct TreeUnkeyedEncoding: UnkeyedEncodingContainer {
    private let encoder: TreeEncoder

    init(_ encoder: TreeEncoder) {
        self.encoder = encoder
        encoder.node.becomeArray()
    }

    var codingPath: [any CodingKey] { encoder.codingPath }
    var count: Int { encoder.node.count }

    private func next(_ body: (TreeEncoder) throws -> Void) rethrows {
        let element = encoder.below(IndexKey(count))
        try body(element)
        encoder.node.append(element.node)
    }

    func encodeNil() { encoder.node.append(TreeNode(.null)) }
    func encode(_ value: Bool) { encoder.node.append(TreeNode(.bool(value))) }
    func encode(_ value: String) { encoder.node.append(TreeNode(.string(value))) }
    func encode(_ value: Double) throws { try next { try $0.encode(value) } }
    func encode(_ value: Float) throws { try next { try $0.encode(value) } }
    func encode<T: Encodable & FixedWidthInteger>(_ value: T) { encoder.node.append(TreeNode(.number(String(value)))) }
    func encode<T: Encodable>(_ value: T) throws { try next { try $0.encode(value) } }

    func nestedContainer<Nested: CodingKey>(keyedBy type: Nested.Type) -> KeyedEncodingContainer<Nested> {
        nestedEncoder().container(keyedBy: type)
    }

    func nestedUnkeyedContainer() -> any UnkeyedEncodingContainer { nestedEncoder().unkeyedContainer() }
    func superEncoder() -> any Encoder { nestedEncoder() }

    private func nestedEncoder() -> TreeEncoder {
        let element = encoder.below(IndexKey(count))
        encoder.node.append(element.node)
        return element
    }
}
