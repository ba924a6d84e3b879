import JSON
import ReeveProtocol

/// Times and lengths of time as people read them.
struct TimeText {
    let terminal: Terminal
    let now: Timestamp

    /// A member that is a time: RFC 3339 as it is in a pipe, else as the agent says it is in the caller's zone.
    func time(_ object: JSON?, _ name: String) -> String? {
        guard let text = object?[name]?.string else { return nil }
        guard terminal.isTerminal else { return text }
        return Self.readable(object?["\(name)Local"]?.string ?? text)
    }

    /// `2026-11-22T03:00:00.120+01:00` as `2026-11-22 03:00:00 +01:00`.
    static func readable(_ text: String) -> String {
        guard let split = text.firstIndex(of: "T") else { return text }
        let clock = text[text.index(after: split)...]
        let time = clock.prefix { $0.isNumber || $0 == ":" }
        let offset = clock.drop { $0.isNumber || $0 == ":" || $0 == "." }
        return "\(text[..<split]) \(time) \(offset == "Z" ? "UTC" : offset)"
    }

    /// How far away a time is: `in 4h12m`, `3m ago`.
    func distance(_ object: JSON?, _ name: String) -> String? {
        guard let time = object?[name]?.string.flatMap({ Timestamp($0) }) else { return nil }
        let length = time.since(now).milliseconds
        return length >= 0 ? "in \(Self.rough(length))" : "\(Self.rough(-length)) ago"
    }

    /// How long until a time, or since it.
    func remaining(_ object: JSON?, _ name: String) -> String? {
        guard let time = object?[name]?.string.flatMap({ Timestamp($0) }) else { return nil }
        return Self.rough(abs(time.since(now).milliseconds))
    }

    /// In whole seconds at most, and in days alone where there are many.
    private static func rough(_ milliseconds: Int64) -> String {
        switch milliseconds {
        case ..<60_000: "\(milliseconds / 1000)s"
        case (100 * 86_400_000)...: "\(milliseconds / 86_400_000)d"
        default: length(milliseconds)
        }
    }

    /// From one member to another, or until now.
    func took(_ object: JSON, from: String = "startedAt", to: String = "stoppedAt") -> String? {
        length(object, from: from, to: to).map(Self.length)
    }

    /// The same in milliseconds.
    func length(_ object: JSON, from: String = "startedAt", to: String = "stoppedAt") -> Int64? {
        guard let start = object[from]?.string.flatMap({ Timestamp($0) }) else { return nil }
        let end = object[to]?.string.flatMap({ Timestamp($0) }) ?? now
        return max(0, end.since(start).milliseconds)
    }

    /// With as many digits as matter: `350ms`, `12.3s`, `20m11s`, `3h20m`, `4d3h`.
    static func length(_ milliseconds: Int64) -> String {
        let seconds = milliseconds / 1000
        switch seconds {
        case ..<1: return "\(milliseconds)ms"
        case ..<60: return "\(seconds).\(milliseconds % 1000 / 100)s"
        case ..<3600: return "\(seconds / 60)m\(seconds % 60)s"
        case ..<86_400: return "\(seconds / 3600)h\(seconds / 60 % 60)m"
        default: return "\(seconds / 86_400)d\(seconds / 3600 % 24)h"
        }
    }

    /// A point in the past as an option says it, `2h` ago or RFC 3339, as a parameter; `nil` if the option is not given.
    static func past(_ text: String?, _ option: String, now: Timestamp = Host.now) throws -> JSON? {
        guard let text else { return nil }
        if let interval = Interval(text) { return .string((now - interval).description) }
        if let time = Timestamp(text) { return .string(time.description) }
        throw CommandFailure(
            .usage,
            "\(option): \"\(text)\" is no time",
            hint: "how long ago, such as 90m or 2d, or RFC 3339, such as 2026-11-21T03:00:00+01:00"
        )
    }
}
