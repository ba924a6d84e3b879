/// Finds the end of one JSON text in bytes that arrive in pieces, without building the value.
///
/// It follows brackets, strings and escapes, so that a text may have any newlines or none, and it refuses early what
/// cannot become a text or what would be too large to hold. It accepts more than the grammar does (`[1 2}` is found
/// out, `[1 2]` is not): who has the whole text parses it. A text here is an object or an array, because a number
/// has no end of its own in a stream.
package struct JSONScanner {
    /// How deep arrays and objects may stand in each other.
    package let maximumDepth: Int
    /// How many bytes one text may have.
    package let maximumLength: Int
    /// How many bytes of the text were seen so far: 0 before its first.
    package private(set) var length = 0

    private var open: [Bool] = []  // true: an object
    private var inString = false
    private var escaped = false

    package init(maximumDepth: Int = 64, maximumLength: Int = .max) {
        self.maximumDepth = maximumDepth
        self.maximumLength = maximumLength
    }

    /// Begins anew, for the next text.
    package mutating func reset() {
        length = 0
        open.removeAll(keepingCapacity: true)
        inString = false
        escaped = false
    }

    /// Goes on with the next bytes of the text.
    ///
    /// - Returns: How many of `bytes` belong to the text if it ends among them, else nil: all do. After an end, `reset`.
    /// - Throws: `offset` counts from the first byte of the text.
    package mutating func scan(_ bytes: UnsafeRawBufferPointer) throws(JSONSyntaxError) -> Int? {
        let start = length
        var index = 0
        while index < bytes.count {
            guard start + index < maximumLength else {
                let reason = "longer than \(maximumLength) bytes"
                throw JSONSyntaxError(.tooLong, offset: start + index, reason: reason)
            }
            let byte = bytes[index]
            if inString {
                try scanString(byte, at: start + index)
            } else if try scanStructure(byte, at: start + index) {
                length = start + index + 1
                return index + 1
            }
            index += 1
        }
        length = start + index
        return nil
    }

    @inline(__always)
    private mutating func scanString(_ byte: UInt8, at offset: Int) throws(JSONSyntaxError) {
        if escaped {
            escaped = false
        } else if byte == ASCII.quote {
            inString = false
        } else if byte == ASCII.backslash {
            escaped = true
        } else if byte < ASCII.space {
            throw unexpected(byte, at: offset)
        }
    }

    /// True at the end of the text.
    @inline(__always)
    private mutating func scanStructure(_ byte: UInt8, at offset: Int) throws(JSONSyntaxError) -> Bool {
        switch byte {
        case ASCII.openBrace, ASCII.openBracket:
            guard open.count < maximumDepth else {
                let reason = "nested deeper than \(maximumDepth) levels"
                throw JSONSyntaxError(.tooDeep, offset: offset, reason: reason)
            }
            open.append(byte == ASCII.openBrace)
        case ASCII.closeBrace, ASCII.closeBracket:
            guard open.popLast() == (byte == ASCII.closeBrace) else { throw unexpected(byte, at: offset) }
            return open.isEmpty
        case _ where open.isEmpty:
            throw unexpected(byte, at: offset)
        case ASCII.quote:
            inString = true
        default:
            guard Self.mayStandOutsideStrings(byte) else { throw unexpected(byte, at: offset) }
        }
        return false
    }

    /// Blanks, separators, and the letters of numbers, `true`, `false` and `null`.
    private static func mayStandOutsideStrings(_ byte: UInt8) -> Bool {
        switch byte {
        case ASCII.space, ASCII.newline, ASCII.carriageReturn, ASCII.tab, ASCII.comma, ASCII.colon,
            ASCII.zero...ASCII.nine, ASCII.minus, ASCII.plus, ASCII.point, UInt8(ascii: "E"), UInt8(ascii: "a"),
            UInt8(ascii: "e"), UInt8(ascii: "f"), UInt8(ascii: "l"), UInt8(ascii: "n"), UInt8(ascii: "r"),
            UInt8(ascii: "s"), UInt8(ascii: "t"), UInt8(ascii: "u"):
            true
        default: false
        }
    }

    private func unexpected(_ byte: UInt8, at offset: Int) -> JSONSyntaxError {
        JSONSyntaxError(.malformed, offset: offset, reason: "\(ASCII.name(byte)) cannot stand here")
    }
}
