/// A number of bytes, written `4MiB`, `512KiB`, `100B` (powers of 1024).
package struct ByteSize: Sendable, Hashable, Comparable {
    package var bytes: Int

    package init(bytes: Int) {
        self.bytes = bytes
    }

    package static func kibibytes(_ count: Int) -> ByteSize { ByteSize(bytes: count << 10) }
    package static func mebibytes(_ count: Int) -> ByteSize { ByteSize(bytes: count << 20) }
    package static func gibibytes(_ count: Int) -> ByteSize { ByteSize(bytes: count << 30) }

    package static func < (left: ByteSize, right: ByteSize) -> Bool {
        left.bytes < right.bytes
    }

    private static let units: [(name: String, shift: Int)] = [
        ("TiB", 40), ("GiB", 30), ("MiB", 20), ("KiB", 10), ("B", 0),
    ]

    /// `nil` for another form, and for more than 2^63 − 1 bytes.
    package init?(_ text: String) {
        let digits = text.prefix { ("0"..."9").contains($0) }
        guard !digits.isEmpty, let count = Int(digits),
            let unit = Self.units.first(where: { $0.name == text.dropFirst(digits.count) }),
            count <= Int.max >> unit.shift
        else { return nil }
        bytes = count << unit.shift
    }
}

extension ByteSize: CustomStringConvertible {
    /// With the largest unit that divides it.
    package var description: String {
        guard bytes > 0, let unit = Self.units.first(where: { bytes & ((1 << $0.shift) - 1) == 0 }) else {
            return "\(bytes)B"
        }
        return "\(bytes >> unit.shift)\(unit.name)"
    }
}

extension ByteSize {
    /// As people read it: `3.5 GiB`.
    package var words: String { Self.words(bytes) }

    package static func words(_ bytes: Int) -> String {
        let units = ["B", "KiB", "MiB", "GiB", "TiB"]
        var value = Double(bytes)
        var unit = 0
        while value >= 1024, unit < units.count - 1 {
            value /= 1024
            unit += 1
        }
        let tenths = Int((value * 10).rounded())
        return unit == 0 || tenths >= 1000
            ? "\(tenths / 10) \(units[unit])" : "\(tenths / 10).\(tenths % 10) \(units[unit])"
    }
}
