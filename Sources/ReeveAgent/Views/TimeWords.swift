import ReeveProtocol
import ReeveScheduler
import ReeveStore

/// Times and lengths of time within sentences.
extension Zone {
    /// `2026-11-22 03:00 +01:00`, with seconds where there are any.
    func words(for time: Timestamp) -> String {
        let text = localText(of: Timestamp(seconds: time.milliseconds.flooredDivision(by: 1000).quotient))
        guard let split = text.firstIndex(of: "T") else { return text }
        let clock = text[text.index(after: split)...].prefix { $0.isNumber || $0 == ":" }
        let offset = text[clock.endIndex...]
        let short = clock.hasSuffix(":00") ? clock.dropLast(3) : clock
        return "\(text[..<split]) \(short) \(offset == "Z" ? "UTC" : String(offset))"
    }
}

extension Interval {
    /// With as much as matters: `350ms`, `42s`, `20m11s`, `3h20m`, `4d3h`; what is negative is `0s`.
    var words: String {
        if (1..<1000).contains(milliseconds) { return description }
        let seconds = max(0, milliseconds) / 1000
        let unit: Int64 =
            switch seconds {
            case ..<3600: 1
            case ..<86_400: 60
            case ..<(100 * 86_400): 3600
            default: 86_400
            }
        return Interval.seconds(seconds / unit * unit).description
    }
}

extension Pause {
    /// `for 2h more, until 2026-11-21 05:00 UTC, by uid:1000 since 2026-11-21 03:00 UTC: the disk is being replaced`
    func words(_ now: Timestamp, _ zone: Zone) -> String {
        let end = until.map { "for \($0.since(now).words) more, until \(zone.words(for: $0))" } ?? "until it is resumed"
        return "\(end), by \(by) since \(zone.words(for: at))" + (reason.map { ": \($0)" } ?? "")
    }
}

extension Timestamp {
    /// How long before `now` it was: `3h20m ago`, `just now`.
    func ago(_ now: Timestamp) -> String {
        let length = now.since(self)
        return length < .seconds(1) ? "just now" : "\(length.words) ago"
    }
}
