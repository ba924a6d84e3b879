extension JSON {
    /// Appends the compact text of the value: one line, UTF-8, no blanks.
    package func write(into bytes: inout [UInt8]) {
        switch self {
        case .null: bytes.append(contentsOf: "null".utf8)
        case .bool(let value): bytes.append(contentsOf: (value ? "true" : "false").utf8)
        case .number(let text): bytes.append(contentsOf: text.utf8)
        case .string(let text): JSON.write(text, into: &bytes)
        case .array(let elements):
            bytes.append(ASCII.openBracket)
            for (position, element) in elements.enumerated() {
                if position > 0 { bytes.append(ASCII.comma) }
                element.write(into: &bytes)
            }
            bytes.append(ASCII.closeBracket)
        case .object(let object): object.write(into: &bytes)
        }
    }

    /// Appends `text` as a JSON string, with its quotes.
    ///
    /// Only what must be escaped is (RFC 8259 §7): the quote, the backslash and the control characters.
    package static func write(_ text: String, into bytes: inout [UInt8]) {
        var text = text
        bytes.append(ASCII.quote)
        text.withUTF8 { utf8 in
            var plain = 0
            for index in utf8.indices {
                let byte = utf8[index]
                guard byte < ASCII.space || byte == ASCII.quote || byte == ASCII.backslash else { continue }
                bytes.append(contentsOf: utf8[plain..<index])
                bytes.append(contentsOf: escape(of: byte).utf8)
                plain = index + 1
            }
            bytes.append(contentsOf: utf8[plain...])
        }
        bytes.append(ASCII.quote)
    }

    private static func escape(of byte: UInt8) -> String {
        switch byte {
        case ASCII.quote: "\\\""
        case ASCII.backslash: "\\\\"
        case ASCII.newline: "\\n"
        case ASCII.carriageReturn: "\\r"
        case ASCII.tab: "\\t"
        default: "\\u00" + (byte < 0x10 ? "0" : "") + String(byte, radix: 16)
        }
    }

    /// The compact text as bytes.
    package func serialized() -> [UInt8] {
        var bytes: [UInt8] = []
        write(into: &bytes)
        return bytes
    }

    /// The compact text.
    package var text: String {
        String(decoding: serialized(), as: UTF8.self)
    }

    /// The text for people: a line for each member and element, two blanks for each level.
    package var pretty: String {
        var bytes: [UInt8] = []
        writePretty(into: &bytes, level: 0)
        return String(decoding: bytes, as: UTF8.self)
    }

    private func writePretty(into bytes: inout [UInt8], level: Int) {
        func line(_ level: Int) {
            bytes.append(ASCII.newline)
            bytes.append(contentsOf: repeatElement(ASCII.space, count: 2 * level))
        }
        switch self {
        case .array(let elements) where !elements.isEmpty:
            bytes.append(ASCII.openBracket)
            for (position, element) in elements.enumerated() {
                if position > 0 { bytes.append(ASCII.comma) }
                line(level + 1)
                element.writePretty(into: &bytes, level: level + 1)
            }
            line(level)
            bytes.append(ASCII.closeBracket)
        case .object(let object) where !object.members.isEmpty:
            bytes.append(ASCII.openBrace)
            for (position, member) in object.members.enumerated() {
                if position > 0 { bytes.append(ASCII.comma) }
                line(level + 1)
                JSON.write(member.name, into: &bytes)
                bytes.append(contentsOf: ": ".utf8)
                member.value.writePretty(into: &bytes, level: level + 1)
            }
            line(level)
            bytes.append(ASCII.closeBrace)
        default:
            write(into: &bytes)
        }
    }

    /// A compact text that is the same for all values that differ only in the order of members, for comparing and
    /// hashing contents: members are sorted by the UTF-8 of their names. Numbers stay as they are written, so
    /// `1` and `1.0` differ.
    package func canonical() -> [UInt8] {
        sorted.serialized()
    }

    private var sorted: JSON {
        switch self {
        case .null, .bool, .number, .string: self
        case .array(let elements): .array(elements.map(\.sorted))
        case .object(let object):
            .object(
                JSONObject(
                    object.members
                        .map { JSONObject.Member(name: $0.name, value: $0.value.sorted) }
                        .sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
                )
            )
        }
    }
}

extension JSONObject {
    /// Appends the compact text of the object.
    package func write(into bytes: inout [UInt8]) {
        bytes.append(ASCII.openBrace)
        for (position, member) in members.enumerated() {
            if position > 0 { bytes.append(ASCII.comma) }
            JSON.write(member.name, into: &bytes)
            bytes.append(ASCII.colon)
            member.value.write(into: &bytes)
        }
        bytes.append(ASCII.closeBrace)
    }
}

extension JSON: CustomStringConvertible {
    package var description: String { text }
}
