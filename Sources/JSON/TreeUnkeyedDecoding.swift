/// The elements of an array, for a type that decodes itself one after the other.
struct TreeUnkeyedDecoding: UnkeyedDecodingContainer {
    private let decoder: TreeDecoder
    private let path: CodingPath?
    private let elements: [JSON]
    private(set) var currentIndex = 0

    init(_ decoder: TreeDecoder) throws(InvalidValue) {
        guard case .array(let elements) = decoder.value else { throw decoder.wrongKind("an array") }
        self.decoder = decoder
        path = decoder.path
        self.elements = elements
    }

    var codingPath: [any CodingKey] { decoder.codingPath }
    var count: Int? { elements.count }
    var isAtEnd: Bool { currentIndex >= elements.count }

    /// Decodes the next element with `body`; only if that succeeds it counts as taken.
    private mutating func next<T>(_ body: (TreeDecoder) throws -> T) throws -> T {
        let key = IndexKey(currentIndex)
        guard !isAtEnd else { throw InvalidValue(at: codingPath + [key], reason: "is required") }
        let element = elements[currentIndex]
        let result = try body(TreeDecoder(element, below: path, at: key, unknownFields: decoder.unknownFields))
        currentIndex += 1
        return result
    }

    mutating func decodeNil() throws -> Bool {
        guard !isAtEnd, elements[currentIndex].isNull else { return false }
        currentIndex += 1
        return true
    }

    mutating func decode(_ type: Bool.Type) throws -> Bool { try next { try $0.decode(type) } }
    mutating func decode(_ type: String.Type) throws -> String { try next { try $0.decode(type) } }
    mutating func decode(_ type: Double.Type) throws -> Double { try next { try $0.decode(type) } }
    mutating func decode(_ type: Float.Type) throws -> Float { try next { try $0.decode(type) } }
    mutating func decode<T: Decodable & FixedWidthInteger>(_ type: T.Type) throws -> T {
        try next { try $0.decode(type) }
    }
    mutating func decode<T: Decodable>(_ type: T.Type) throws -> T { try next { try $0.decode(type) } }

    mutating func nestedContainer<Key: CodingKey>(keyedBy type: Key.Type) throws -> KeyedDecodingContainer<Key> {
        try next { try $0.container(keyedBy: type) }
    }

    mutating func nestedUnkeyedContainer() throws -> any UnkeyedDecodingContainer {
        try next { try $0.unkeyedContainer() }
    }

    mutating func superDecoder() throws -> any Decoder { try next { $0 } }
}
