package import ReeveProtocol

/// How long a `Retry-After` asks to wait (RFC 9110 §10.2.3): seconds, or a date in any of the three forms of §5.6.7.
///
/// `nil` for another text. A date that has passed asks for nothing.
package func retryAfter(_ text: String, now: Timestamp) -> Duration? {
    let text = text.trimmed
    if !text.isEmpty, text.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) {
        // More than fits is a long time.
        return .seconds(min(Int64(text) ?? .max, 1 << 40))
    }
    guard let time = httpDate(text) else { return nil }
    return max(time.since(now).duration, .zero)
}

/// All three forms have the same parts, in an order that their shapes give away: the day comes before the year, the
/// month is a name, and only the time of day has colons.
private func httpDate(_ text: String) -> Timestamp? {
    let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
    let parts = text.split { $0 == " " || $0 == "," || $0 == "-" }
    guard
        let month = parts.compactMap({ part in months.firstIndex { $0 == part } }).first,
        let time = parts.first(where: { $0.contains(":") })
    else { return nil }
    let numbers = parts.compactMap { Int($0) }
    guard numbers.count == 2, (1...31).contains(numbers[0]), (0...9999).contains(numbers[1]) else { return nil }
    func two(_ number: Int) -> String { (number < 10 ? "0" : "") + String(number) }
    let year = numbers[1] < 100 ? numbers[1] + (numbers[1] < 70 ? 2000 : 1900) : numbers[1]
    return Timestamp("\(year)-\(two(month + 1))-\(two(numbers[0]))T\(time)Z")
}

extension String {
    /// Without the blanks at both ends.
    fileprivate var trimmed: String {
        func isBlank(_ character: Character) -> Bool { character == " " || character == "\t" }
        return String(drop(while: isBlank).reversed().drop(while: isBlank).reversed())
    }
}
