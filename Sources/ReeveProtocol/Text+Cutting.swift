extension String {
    /// Where text was cut off.
    package static let cutMark = "…"

    /// The beginning of it, with a mark where something was cut off; never in the middle of a character.
    ///
    /// - Parameter bytes: How long it may be in UTF-8, the mark included; at least that of the mark.
    package func cut(to bytes: Int) -> String {
        guard utf8.count > bytes else { return self }
        let room = bytes - Self.cutMark.utf8.count
        var (end, size) = (startIndex, 0)
        while end < endIndex {
            let next = index(after: end)
            size += self[end..<next].utf8.count
            guard size <= room else { break }
            end = next
        }
        return self[..<end] + Self.cutMark
    }

    /// The text of bytes that were cut out of the middle of something: what stands broken at its beginning is left out.
    package init(tail bytes: some Collection<UInt8>) {
        // A byte that goes on with a character whose beginning is not there.
        let whole = bytes.prefix(3).prefix { $0 & 0xC0 == 0x80 }.count
        self = String(decoding: bytes.dropFirst(whole), as: UTF8.self)
    }
}
