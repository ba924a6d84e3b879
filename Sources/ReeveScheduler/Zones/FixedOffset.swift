import JSON

/// Zones written as a distance from Greenwich: `GMT+8:00` is eight hours ahead of it.
enum FixedOffset {
    /// `nil` if the text does not begin like one; throws where it does and is wrong.
    static func zone(_ text: String) throws(InvalidValue) -> Zone? {
        let upper = text.uppercased()
        guard upper.hasPrefix("GMT") || upper.hasPrefix("UTC"), let sign = text.dropFirst(3).first,
            sign == "+" || sign == "-", text != "GMT+0", text != "GMT-0"
        else { return nil }
        guard text.hasPrefix("GMT"), let seconds = seconds(text.dropFirst(4)) else {
            throw InvalidValue(
                path: "",
                reason: "\"\(text)\" is not a time zone",
                expected: "GMT±H:MM, the hours without a leading zero, such as GMT+8:00 or GMT-3:30"
            ).caused(by: .invalidTimeZoneOffset)
        }
        let offset = sign == "+" ? seconds : -seconds
        guard (-12 * 3600...14 * 3600).contains(offset) else {
            throw InvalidValue(
                path: "",
                reason: "time zone \"\(text)\" is out of range",
                expected: "GMT-12:00 to GMT+14:00"
            ).caused(by: .invalidTimeZoneOffset)
        }
        return Zone(name: text, initialOffset: offset)
    }

    /// `H:MM` in seconds.
    private static func seconds(_ text: Substring) -> Int64? {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 2, parts.allSatisfy({ $0.utf8.allSatisfy(isDigit) }), (1...2).contains(parts[0].count),
            parts[0].count == 1 || parts[0].first != "0", parts[1].count == 2,
            let hours = Int64(parts[0]), let minutes = Int64(parts[1]), minutes < 60
        else { return nil }
        return hours * 3600 + minutes * 60
    }
}
