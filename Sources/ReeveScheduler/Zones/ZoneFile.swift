/// Reads the compiled zone files of the system: TZif, RFC 9636.
///
/// The 64-bit data and the rule at the end are used where the file has them (version 2 and later), else the 32-bit data.
/// Whatever the bytes are, reading ends with a zone or with `nil`.
struct ZoneFile {
    private let bytes: [UInt8]
    private var position = 0

    private struct Header {
        var version: UInt8
        var universalFlags = 0
        var standardFlags = 0
        var leaps = 0
        var times = 0
        var types = 0
        var characters = 0

        func size(ofTime width: Int) -> Int {
            times * (width + 1) + types * 6 + characters + leaps * (width + 4) + standardFlags + universalFlags
        }
    }

    private init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    /// `nil` if the bytes are no zone file, or one that counts leap seconds (`right/…`): Unix time has none.
    static func zone(_ bytes: [UInt8], name: String) -> Zone? {
        var file = ZoneFile(bytes)
        return file.read(name: name)
    }

    private mutating func read(name: String) -> Zone? {
        guard let first = header() else { return nil }
        guard first.version >= UInt8(ascii: "2") else { return zone(first, width: 4, name: name, hasRule: false) }
        position += first.size(ofTime: 4)
        guard let second = header() else { return nil }
        return zone(second, width: 8, name: name, hasRule: true)
    }

    private mutating func header() -> Header? {
        guard bytes.count - position >= 44, Array(bytes[position..<position + 4]) == Array("TZif".utf8) else {
            return nil
        }
        var header = Header(version: bytes[position + 4])
        position += 20
        header.universalFlags = integer(4)
        header.standardFlags = integer(4)
        header.leaps = integer(4)
        header.times = integer(4)
        header.types = integer(4)
        header.characters = integer(4)
        let counts = [header.universalFlags, header.standardFlags, header.leaps, header.times, header.types]
        guard (counts + [header.characters]).allSatisfy({ (0...100_000).contains($0) }) else { return nil }
        return header
    }

    private mutating func zone(_ header: Header, width: Int, name: String, hasRule: Bool) -> Zone? {
        let end = position + header.size(ofTime: width)
        guard header.leaps == 0, header.types > 0, bytes.count >= end else { return nil }
        let times = (0..<header.times).map { _ in Int64(integer(width)) }
        let indices = bytes[position..<position + header.times].map(Int.init)
        position += header.times
        let offsets = (0..<header.types).map { _ -> Int64 in
            defer { position += 2 }
            return Int64(integer(4))
        }
        guard zip(times, times.dropFirst()).allSatisfy(<), indices.allSatisfy({ $0 < offsets.count }),
            offsets.allSatisfy({ (-93_599...93_599).contains($0) })
        else { return nil }
        position = end
        let rule = hasRule ? footer() : .some(nil)
        guard let rule else { return nil }
        return Zone(
            name: name,
            initialOffset: offsets[0],
            transitions: zip(times, indices).map { Zone.Transition(time: $0, offset: offsets[$1]) },
            rule: rule
        )
    }

    /// The rule between the two newlines at the end: `nil` if it is wrong, `.some(nil)` if there is none.
    private func footer() -> ZoneRule?? {
        let rest = bytes[position...]
        guard rest.first == 10, let end = rest.dropFirst().firstIndex(of: 10) else { return nil }
        let text = String(decoding: rest[(position + 1)..<end], as: UTF8.self)
        if text.isEmpty { return .some(nil) }
        return ZoneRule(text).map { .some($0) }
    }

    /// A big-endian signed number; the caller has checked that it is there.
    private mutating func integer(_ width: Int) -> Int {
        var value: UInt64 = 0
        for byte in bytes[position..<position + width] { value = value << 8 | UInt64(byte) }
        position += width
        return width == 4 ? Int(Int32(truncatingIfNeeded: value)) : Int(Int64(bitPattern: value))
    }
}
