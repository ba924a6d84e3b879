package import JSON

extension JSON {
    /// The value as a YAML text for people: block style, strings quoted only where they have to be, long texts as blocks.
    package var yaml: String {
        var lines: [String] = []
        write(indent: "", first: "", into: &lines)
        return lines.joined(separator: "\n") + "\n"
    }

    private func write(indent: String, first: String, into lines: inout [String]) {
        switch self {
        case .object(let object) where !object.members.isEmpty:
            for (index, member) in object.members.enumerated() {
                let start = (index == 0 ? first : indent) + JSON.scalarText(member.name) + ":"
                member.value.writeValue(after: start, indent: indent, into: &lines)
            }
        case .array(let elements) where !elements.isEmpty:
            for (index, element) in elements.enumerated() {
                let start = (index == 0 ? first : indent) + "- "
                if element.isFlow {
                    lines.append(start + element.flowText)
                } else {
                    element.write(indent: indent + "  ", first: start, into: &lines)
                }
            }
        default:
            lines.append(first + flowText)
        }
    }

    private func writeValue(after start: String, indent: String, into lines: inout [String]) {
        if case .string(let text) = self, text.contains("\n"), JSON.canBeBlock(text) {
            lines.append(start + (text.hasSuffix("\n") ? " |" : " |-"))
            let body = text.hasSuffix("\n") ? text.dropLast() : Substring(text)
            lines += body.split(separator: "\n", omittingEmptySubsequences: false).map {
                $0.isEmpty ? "" : indent + "  " + $0
            }
        } else if isFlow {
            lines.append(start + " " + flowText)
        } else {
            lines.append(start)
            write(indent: indent + "  ", first: indent + "  ", into: &lines)
        }
    }

    /// Scalars, empty containers and short lists of scalars stand on one line.
    private var isFlow: Bool {
        switch self {
        case .object(let object): object.members.isEmpty
        case .array(let elements): elements.allSatisfy(\.isScalar) && flowText.utf8.count <= 80
        default: true
        }
    }

    private var isScalar: Bool {
        switch self {
        case .object, .array: false
        default: true
        }
    }

    private var flowText: String {
        switch self {
        case .string(let text): JSON.scalarText(text)
        case .array(let elements): "[" + elements.map(\.flowText).joined(separator: ", ") + "]"
        default: text
        }
    }

    /// Plain where YAML reads it back as this same string, else quoted as JSON does, which YAML takes.
    private static func scalarText(_ text: String) -> String {
        let quoted = JSON.string(text).text
        guard let first = text.utf8.first, quoted.utf8.count == text.utf8.count + 2 else { return quoted }
        let plain = text.utf8.allSatisfy { byte in
            isWordByte(byte) || byte == UInt8(ascii: " ") || byte == UInt8(ascii: "/") || byte == UInt8(ascii: "=")
                || byte == UInt8(ascii: "+") || byte >= 0x80
        }
        guard plain, isWordByte(first) || first == UInt8(ascii: "/"), first != UInt8(ascii: "-"), text.last != " "
        else {
            return quoted
        }
        let readsBack = (try? YAMLDocument(text))?.json == .string(text)
        return readsBack ? text : quoted
    }

    private static func isWordByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "."), UInt8(ascii: "-"):
            true
        default: false
        }
    }

    private static func canBeBlock(_ text: String) -> Bool {
        !text.hasPrefix(" ") && !text.hasPrefix("\n") && !text.hasSuffix("\n\n")
            && text.unicodeScalars.allSatisfy { $0 == "\n" || $0 == "\t" || ($0.value >= 0x20 && $0.value != 0x7F) }
    }
}
