/// Makes ids that sort by the time they were made: UUID version 7 (RFC 9562 §5.7), in lower case.
///
/// Ids of one millisecond count up in the 74 bits behind the time, so that also those are in order; a clock that was
/// set back does not break the order either.
package struct UUIDv7Generator: Sendable {
    private var milliseconds: Int64 = 0
    private var high: UInt16 = 0
    private var low: UInt64 = 0

    package init() {}

    package mutating func next(at now: Timestamp) -> String {
        if now.milliseconds > milliseconds {
            milliseconds = now.milliseconds
            high = UInt16.random(in: 0...0x07FF)  // the top bit is left free, so that counting up has room
            low = UInt64.random(in: 0...0x3FFF_FFFF_FFFF_FFFF)
        } else if low < 0x3FFF_FFFF_FFFF_FFFF {
            low += 1
        } else {
            low = 0
            high += 1
        }
        return Self.text(milliseconds: milliseconds, high: high & 0x0FFF, low: low)
    }

    private static func text(milliseconds: Int64, high: UInt16, low: UInt64) -> String {
        let first = UInt64(bitPattern: milliseconds) << 16 | 0x7000 | UInt64(high)
        let second = low | 0x8000_0000_0000_0000
        let digits = Array("0123456789abcdef".utf8)
        return String(unsafeUninitializedCapacity: 36) { buffer in
            var position = 0
            for index in 0..<32 {
                if index == 8 || index == 12 || index == 16 || index == 20 {
                    buffer[position] = UInt8(ascii: "-")
                    position += 1
                }
                let word = index < 16 ? first : second
                buffer[position] = digits[Int(word >> UInt64(60 - 4 * (index % 16)) & 0xF)]
                position += 1
            }
            return position
        }
    }
}

/// Whether a text is a UUID of version 7, in lower case.
package func isUUIDv7(_ text: String) -> Bool {
    let bytes = Array(text.utf8)
    guard bytes.count == 36, bytes[14] == UInt8(ascii: "7"), "89ab".utf8.contains(bytes[19]) else { return false }
    return bytes.enumerated().allSatisfy { index, byte in
        [8, 13, 18, 23].contains(index)
            ? byte == UInt8(ascii: "-") : "0123456789abcdef".utf8.contains(byte)
    }
}
