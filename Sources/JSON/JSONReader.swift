/// Reads one JSON text from bytes in memory, value by value (RFC 8259, strictly).
///
/// For a whole text there is `JSON(parsing:)`. The reader serves who wants only parts of it, or to know which bytes a
/// value was written with: `offset` before and after a read are the ends of the value. It holds the bytes only
/// by pointer, so it must not outlive the closure that lent them.
package struct JSONReader {
    package let bytes: UnsafeRawBufferPointer
    /// The index of the next byte to read.
    package internal(set) var offset = 0
    private let maximumDepth: Int
    private var depth = 0

    /// - Parameter maximumDepth: How deep arrays and objects may stand in each other; `[]` has depth 1.
    package init(_ bytes: UnsafeRawBufferPointer, maximumDepth: Int = 64) {
        self.bytes = bytes
        self.maximumDepth = maximumDepth
    }

    /// The next byte that is not a blank, which is not consumed; nil at the end.
    package mutating func peek() -> UInt8? {
        while offset < bytes.count {
            let byte = bytes[offset]
            if !ASCII.isBlank(byte) { return byte }
            offset += 1
        }
        return nil
    }

    /// Reads the value that comes next.
    package mutating func readValue() throws(JSONSyntaxError) -> JSON {
        guard let byte = peek() else { throw incomplete("a value") }
        switch byte {
        case ASCII.openBrace: return .object(try readObject())
        case ASCII.openBracket: return .array(try readArray())
        case ASCII.quote: return .string(try readString())
        case ASCII.minus, ASCII.zero...ASCII.nine: return .number(try readNumber())
        case UInt8(ascii: "t"): return try readWord("true", .bool(true))
        case UInt8(ascii: "f"): return try readWord("false", .bool(false))
        case UInt8(ascii: "n"): return try readWord("null", .null)
        default: throw malformed("expected a value, not \(ASCII.name(byte))")
        }
    }

    /// Reads an object; `body` is called after each name and must read the value.
    package mutating func readMembers(
        _ body: (inout JSONReader, String) throws(JSONSyntaxError) -> Void
    ) throws(JSONSyntaxError) {
        try enter(ASCII.openBrace, "an object")
        var expectsMember = false
        while let byte = peek() {
            if byte == ASCII.closeBrace, !expectsMember { return leave() }
            guard byte == ASCII.quote else {
                throw malformed("expected the name of a member, not \(ASCII.name(byte))")
            }
            let name = try readString()
            guard let colon = peek() else { break }
            guard colon == ASCII.colon else {
                throw malformed("expected ':' after the name of a member, not \(ASCII.name(colon))")
            }
            offset += 1
            try body(&self, name)
            expectsMember = try readSeparator(closing: ASCII.closeBrace)
            if !expectsMember { return leave() }
        }
        throw incomplete("the rest of an object")
    }

    /// Reads an array; `body` is called before each element and must read it.
    package mutating func readElements(
        _ body: (inout JSONReader) throws(JSONSyntaxError) -> Void
    ) throws(JSONSyntaxError) {
        try enter(ASCII.openBracket, "an array")
        if peek() == ASCII.closeBracket { return leave() }
        while peek() != nil {
            try body(&self)
            if try !readSeparator(closing: ASCII.closeBracket) { return leave() }
        }
        throw incomplete("the rest of an array")
    }

    /// Makes sure that nothing but blanks follows.
    package mutating func finish() throws(JSONSyntaxError) {
        guard let byte = peek() else { return }
        throw malformed("expected the end of the text, not \(ASCII.name(byte))")
    }

    private mutating func readObject() throws(JSONSyntaxError) -> JSONObject {
        var members: [JSONObject.Member] = []
        try readMembers { (reader, name) throws(JSONSyntaxError) in
            members.append(JSONObject.Member(name: name, value: try reader.readValue()))
        }
        return JSONObject(members)
    }

    private mutating func readArray() throws(JSONSyntaxError) -> [JSON] {
        var elements: [JSON] = []
        try readElements { (reader) throws(JSONSyntaxError) in
            elements.append(try reader.readValue())
        }
        return elements
    }

    /// True after a comma; false before the closing bracket, which `leave` consumes.
    private mutating func readSeparator(closing: UInt8) throws(JSONSyntaxError) -> Bool {
        guard let byte = peek() else { throw incomplete("',' or \(ASCII.name(closing))") }
        if byte == closing { return false }
        guard byte == ASCII.comma else {
            throw malformed("expected ',' or \(ASCII.name(closing)), not \(ASCII.name(byte))")
        }
        offset += 1
        return true
    }

    private mutating func enter(_ opening: UInt8, _ kind: String) throws(JSONSyntaxError) {
        guard let byte = peek() else { throw incomplete(kind) }
        guard byte == opening else { throw malformed("expected \(kind), not \(ASCII.name(byte))") }
        guard depth < maximumDepth else {
            throw JSONSyntaxError(.tooDeep, offset: offset, reason: "nested deeper than \(maximumDepth) levels")
        }
        depth += 1
        offset += 1
    }

    private mutating func leave() {
        depth -= 1
        offset += 1
    }

    private mutating func readWord(_ word: StaticString, _ value: JSON) throws(JSONSyntaxError) -> JSON {
        for position in 0..<word.utf8CodeUnitCount {
            guard offset < bytes.count else { throw incomplete("the rest of '\(word)'") }
            guard bytes[offset] == word.utf8Start[position] else { throw malformed("expected '\(word)'") }
            offset += 1
        }
        return value
    }

    func malformed(_ reason: String) -> JSONSyntaxError {
        JSONSyntaxError(.malformed, offset: offset, reason: reason)
    }

    func incomplete(_ wanted: String) -> JSONSyntaxError {
        JSONSyntaxError(.incomplete, offset: bytes.count, reason: "the text ends where \(wanted) was expected")
    }
}
