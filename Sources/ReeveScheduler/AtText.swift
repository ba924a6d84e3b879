import JSON
import ReeveProtocol

/// One point in time, written with an offset or as a local time.
struct AtText: Sendable, Hashable {
    enum Meaning: Sendable, Hashable {
        case instant(Timestamp)
        /// Milliseconds since 1970-01-01T00:00 of the local calendar.
        case local(Int64)
    }

    var meaning: Meaning

    private static let form = "YYYY-MM-DDTHH:MM:SS, then Z or ±HH:MM if wanted"

    /// Whether a text is meant as one: `at(…)`, or a date by itself.
    static func isMeant(by text: String) -> Bool {
        let bytes = Array(text.utf8.prefix(5))
        return prefixed(text, "at") || bytes.count == 5 && bytes[..<4].allSatisfy(isDigit) && bytes[4] == 45
    }

    /// Reads `2026-12-24T18:00`, with seconds, a fraction, `Z` or an offset if wanted; seconds must be there where
    /// `needsSeconds`. Throws an ``InvalidValue`` at the path `""`.
    init(_ text: String, needsSeconds: Bool = false) throws(InvalidValue) {
        let bytes = Array(text.utf8)
        guard let parts = Self.parts(bytes), parts.hasSeconds || !needsSeconds else {
            throw InvalidValue(path: "", reason: "\"\(text)\" is not a time", expected: Self.form)
        }
        let canonical = parts.hasSeconds ? text : String(text.prefix(16)) + ":00" + text.dropFirst(16)
        guard bytes.count < 19 || bytes[17] != UInt8(ascii: "6"),
            let instant = Timestamp(parts.hasOffset ? canonical : canonical + "Z")
        else {
            throw InvalidValue(path: "", reason: "\"\(text)\" does not exist in any calendar", expected: Self.form)
        }
        meaning = parts.hasOffset ? .instant(instant) : .local(instant.milliseconds)
    }

    /// `at(2026-12-24T18:00:00)` or the time alone, as Cloud Assist writes it: with seconds.
    init(function text: String) throws(InvalidValue) {
        guard prefixed(text, "at") else {
            try self.init(text, needsSeconds: true)
            return
        }
        guard text.lowercased().hasPrefix("at("), let inner = innerText(text, "at") else {
            throw InvalidValue(path: "", reason: "\"\(text)\" is not a time", expected: "at(YYYY-MM-DDTHH:MM:SS)")
        }
        try self.init(String(inner), needsSeconds: true)
    }

    /// The time, and whether the zone has a part in it. Throws an ``InvalidValue`` at the path `""`.
    func time(in zone: Zone) throws(InvalidValue) -> (time: Timestamp, isLocal: Bool) {
        switch meaning {
        case .instant(let time): return (time, false)
        case .local(let local):
            guard let time = zone.time(ofLocal: local) else {
                throw InvalidValue(
                    path: "",
                    reason: "this local time does not exist in \(zone.name): the calendar leaves it out",
                    hint: "give the time with an offset"
                )
            }
            return (time, true)
        }
    }

    private static func parts(_ bytes: [UInt8]) -> (hasSeconds: Bool, hasOffset: Bool)? {
        guard bytes.count >= 16, bytes[10] == UInt8(ascii: "T") else { return nil }
        let hasSeconds = bytes.count > 16 && bytes[16] == UInt8(ascii: ":")
        let rest = bytes[(hasSeconds ? min(19, bytes.count) : 16)...]
        let hasOffset = rest.contains { !isDigit($0) && $0 != UInt8(ascii: ".") }
        return (hasSeconds, hasOffset)
    }
}
