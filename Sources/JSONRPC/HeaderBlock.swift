import NIOCore

/// The header before a message: lines `Name: value`, ended by an empty one.
enum HeaderBlock {
    static let maximumBytes = 8_192

    /// The index after the empty line that ends the header; lines end with `\r\n`, or with `\n` alone.
    static func end(in bytes: ByteBufferView) -> Int? {
        var lineIsEmpty = false
        for index in bytes.indices.prefix(maximumBytes) {
            switch bytes[index] {
            case UInt8(ascii: "\n"):
                if lineIsEmpty { return index + 1 }
                lineIsEmpty = true
            case UInt8(ascii: "\r"): break
            default: lineIsEmpty = false
            }
        }
        return nil
    }

    /// The value of the one `Content-Length`; nil if there is none, more than one, or one that is not a number.
    static func contentLength(in header: ByteBufferView) -> Int? {
        var lengths: [Int?] = []
        for line in header.split(separator: UInt8(ascii: "\n")) {
            guard let colon = line.firstIndex(of: UInt8(ascii: ":")) else { continue }
            guard line[..<colon].map({ $0 | 0x20 }).elementsEqual("content-length".utf8) else { continue }
            let value = line[(colon + 1)...].filter { $0 != UInt8(ascii: " ") && $0 != UInt8(ascii: "\r") }
            let isNumber = value.allSatisfy { $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9") }
            lengths.append(isNumber ? Int(String(decoding: value, as: UTF8.self)) : nil)
        }
        return lengths.count == 1 ? lengths[0] : nil
    }
}
