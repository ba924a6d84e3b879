extension JSONReader {
    /// Reads the string that comes next.
    package mutating func readString() throws(JSONSyntaxError) -> String {
        guard peek() == ASCII.quote else { throw malformed("expected a string") }
        let start = offset + 1
        var index = start
        while index < bytes.count {
            let byte = bytes[index]
            if byte == ASCII.quote {
                let text = try makeString(UnsafeRawBufferPointer(rebasing: bytes[start..<index]), at: start)
                offset = index + 1
                return text
            }
            if byte == ASCII.backslash { return try readEscapedString(from: start, to: index) }
            if byte < ASCII.space { throw controlCharacter(byte, at: index) }
            index += 1
        }
        throw incomplete("the end of a string")
    }

    /// The slower way, for a string of which `start..<plain` has no escapes and a backslash follows.
    private mutating func readEscapedString(from start: Int, to plain: Int) throws(JSONSyntaxError) -> String {
        var decoded = [UInt8](bytes[start..<plain])
        offset = plain
        while offset < bytes.count {
            let byte = bytes[offset]
            if byte == ASCII.quote {
                offset += 1
                return try makeString(decoded, at: start)
            }
            if byte < ASCII.space { throw controlCharacter(byte, at: offset) }
            offset += 1
            if byte == ASCII.backslash {
                try readEscape(into: &decoded)
            } else {
                decoded.append(byte)
            }
        }
        throw incomplete("the end of a string")
    }

    private mutating func readEscape(into decoded: inout [UInt8]) throws(JSONSyntaxError) {
        guard offset < bytes.count else { throw incomplete("the rest of an escape") }
        let byte = bytes[offset]
        offset += 1
        switch byte {
        case ASCII.quote, ASCII.backslash, ASCII.slash: decoded.append(byte)
        case UInt8(ascii: "b"): decoded.append(0x08)
        case UInt8(ascii: "f"): decoded.append(0x0C)
        case UInt8(ascii: "n"): decoded.append(ASCII.newline)
        case UInt8(ascii: "r"): decoded.append(ASCII.carriageReturn)
        case UInt8(ascii: "t"): decoded.append(ASCII.tab)
        case UInt8(ascii: "u"): decoded.append(contentsOf: try readEscapedScalar().utf8)
        default:
            offset -= 1
            throw malformed("\(ASCII.name(byte)) cannot be escaped")
        }
    }

    /// The scalar of the four digits after `\u`, or of two such escapes that are a surrogate pair.
    private mutating func readEscapedScalar() throws(JSONSyntaxError) -> Unicode.Scalar {
        let first = try readFourDigits()
        if let scalar = Unicode.Scalar(first) { return scalar }
        guard UTF16.isLeadSurrogate(UInt16(first)) else { throw malformed("a low surrogate without a high one") }
        for byte in [ASCII.backslash, UInt8(ascii: "u")] {
            guard offset < bytes.count else { throw incomplete("a low surrogate") }
            guard bytes[offset] == byte else { throw malformed("a high surrogate without a low one") }
            offset += 1
        }
        let second = try readFourDigits()
        guard UTF16.isTrailSurrogate(UInt16(second)),
            let scalar = Unicode.Scalar(0x10000 + ((first & 0x3FF) << 10) + (second & 0x3FF))
        else { throw malformed("a high surrogate without a low one") }
        return scalar
    }

    private mutating func readFourDigits() throws(JSONSyntaxError) -> UInt32 {
        var value: UInt32 = 0
        for _ in 0..<4 {
            guard offset < bytes.count else { throw incomplete("a hexadecimal digit") }
            guard let digit = Character(Unicode.Scalar(bytes[offset])).hexDigitValue, bytes[offset] < 0x80 else {
                throw malformed("expected a hexadecimal digit")
            }
            value = value << 4 | UInt32(digit)
            offset += 1
        }
        return value
    }

    /// Reads the number that comes next and gives the characters it is written with.
    package mutating func readNumber() throws(JSONSyntaxError) -> String {
        let start = offset
        if byteIs(ASCII.minus) { offset += 1 }
        if byteIs(ASCII.zero) {
            offset += 1
            if offset < bytes.count, ASCII.isDigit(bytes[offset]) { throw malformed("a number with a leading zero") }
        } else {
            try readDigits()
        }
        if byteIs(ASCII.point) {
            offset += 1
            try readDigits()
        }
        if byteIs(UInt8(ascii: "e")) || byteIs(UInt8(ascii: "E")) {
            offset += 1
            if byteIs(ASCII.plus) || byteIs(ASCII.minus) { offset += 1 }
            try readDigits()
        }
        return String(decoding: UnsafeRawBufferPointer(rebasing: bytes[start..<offset]), as: UTF8.self)
    }

    private func byteIs(_ byte: UInt8) -> Bool {
        offset < bytes.count && bytes[offset] == byte
    }

    private mutating func readDigits() throws(JSONSyntaxError) {
        guard offset < bytes.count else { throw incomplete("a digit") }
        guard ASCII.isDigit(bytes[offset]) else { throw malformed("expected a digit") }
        while offset < bytes.count, ASCII.isDigit(bytes[offset]) { offset += 1 }
    }

    private func makeString(
        _ content: some Sequence<UInt8>,
        at start: Int
    ) throws(JSONSyntaxError) -> String {
        guard let text = String(validating: content, as: UTF8.self) else {
            throw JSONSyntaxError(.malformed, offset: start, reason: "a string that is not UTF-8")
        }
        return text
    }

    private func controlCharacter(_ byte: UInt8, at index: Int) -> JSONSyntaxError {
        let reason = "\(ASCII.name(byte)) in a string must be escaped"
        return JSONSyntaxError(.malformed, offset: index, reason: reason)
    }
}
