/// An `Encoder` that writes one value of the tree.
struct TreeEncoder: Encoder {
    let node: TreeNode
    let path: CodingPath?

    var codingPath: [any CodingKey] { CodingPath.keys(path) }
    var userInfo: [CodingUserInfoKey: Any] { [:] }

    func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedEncodingContainer<Key> {
        KeyedEncodingContainer(TreeKeyedEncoding<Key>(self))
    }

    func unkeyedContainer() -> any UnkeyedEncodingContainer { TreeUnkeyedEncoding(self) }

    func singleValueContainer() -> any SingleValueEncodingContainer { self }

    /// An encoder for a new value below this one.
    func below(_ key: some CodingKey) -> TreeEncoder {
        TreeEncoder(node: TreeNode(), path: CodingPath(path, key))
    }
}

extension TreeEncoder: SingleValueEncodingContainer {
    func encodeNil() { node.leaf = .null }
    func encode(_ value: Bool) { node.leaf = .bool(value) }
    func encode(_ value: String) { node.leaf = .string(value) }
    func encode(_ value: Double) throws { node.leaf = try number(value) }
    func encode(_ value: Float) throws { node.leaf = try number(value) }
    func encode<T: Encodable & FixedWidthInteger>(_ value: T) { node.leaf = .number(String(value)) }

    func encode<T: Encodable>(_ value: T) throws {
        try value.encode(to: self)
        // The order of a dictionary changes from one run of the program to the next; its text should not.
        if T.self is any StringKeyedDictionary.Type, case .object(let object) = node.json {
            node.leaf = .object(
                JSONObject(object.members.sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) })
            )
        }
    }

    private func number(_ value: some BinaryFloatingPoint & CustomStringConvertible) throws(InvalidValue) -> JSON {
        guard value.isFinite else {
            throw InvalidValue(at: codingPath, reason: "\(value) cannot be written as a JSON number")
        }
        return .number(value.description)
    }
}

private protocol StringKeyedDictionary {}
extension Dictionary: StringKeyedDictionary where Key == String {}
