import JSON

/// When a task is due, as it was written: an object with one of six keys, or a text.
///
/// It is not checked further here: `ReeveScheduler` reads expressions and knows the zones.
package struct ScheduleDefinition: Sendable, Hashable {
    package enum Kind: Sendable, Hashable {
        /// An expression of five, six or seven fields, or `@hourly` and its like.
        case cron(String)
        /// At the anchor (the put that made the revision) plus every multiple of the interval.
        case rate(Interval)
        /// Once, at a time with an offset, or a local time in the time zone.
        case at(String)
        /// Once, now.
        case once
        /// Once, at the next start of the host.
        case nextBoot
        /// At each start of the host.
        case everyBoot
        /// A text that says by itself what it is: `rate(15m)`, `at(…)`, a cron expression, `@daily`.
        case text(String)
    }

    package var kind: Kind
    /// An IANA name or `GMT±H:MM`; the host's zone if absent.
    package var timeZone: String?
    /// By how much starts are put off, to spread load.
    package var jitter: JitterDefinition?
    /// Not due before this, nor after that: a time with an offset, or a local time in the time zone.
    package var from: String?
    package var until: String?
    /// It ends when it has made so many runs.
    package var maxRuns: Int?

    package init(_ kind: Kind, timeZone: String? = nil, jitter: JitterDefinition? = nil) {
        self.kind = kind
        self.timeZone = timeZone
        self.jitter = jitter
    }
}

/// A delay of up to a maximum: the same at each slot of a task, or another at each.
package struct JitterDefinition: Sendable, Hashable {
    package var maximum: Interval
    package var random: Bool

    package init(_ maximum: Interval, random: Bool = false) {
        self.maximum = maximum
        self.random = random
    }
}

extension JitterDefinition: Codable {
    package enum CodingKeys: String, CodingKey, CaseIterable { case maximum, random }

    package init(from decoder: any Decoder) throws {
        if let text = try? decoder.singleValueContainer().decode(String.self) {
            guard let maximum = Interval(text) else {
                throw InvalidValue(
                    at: decoder.codingPath,
                    reason: "\"\(text)\" is not a duration",
                    expected: "5m, 1h30m"
                )
            }
            self.init(maximum)
            return
        }
        let container = try decoder.container(keyedBy: CodingKeys.self)
        self.init(
            try container.decode(Interval.self, forKey: .maximum),
            random: try container.decodeIfPresent(Bool.self, forKey: .random) ?? false
        )
    }

    package func encode(to encoder: any Encoder) throws {
        guard random else {
            var container = encoder.singleValueContainer()
            try container.encode(maximum)
            return
        }
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(maximum, forKey: .maximum)
        try container.encode(true, forKey: .random)
    }
}

extension ScheduleDefinition: Codable {
    package enum CodingKeys: String, CodingKey, CaseIterable {
        case cron, rate, at, once, nextBoot, everyBoot, timeZone, jitter, from, until, maxRuns
    }

    private static let kinds: [CodingKeys] = [.cron, .rate, .at, .once, .nextBoot, .everyBoot]

    package init(from decoder: any Decoder) throws {
        if let text = try? decoder.singleValueContainer().decode(String.self) {
            self.init(.text(text))
            return
        }
        let container = try decoder.container(keyedBy: CodingKeys.self)
        let given = Self.kinds.filter(container.contains)
        guard let key = given.first, given.count == 1 else {
            throw InvalidValue(
                at: decoder.codingPath,
                reason: given.isEmpty
                    ? "has no kind"
                    : "has \(given.map(\.rawValue).joined(separator: " and ")), but only one may be given",
                expected: "one of cron, rate, at, once, nextBoot, everyBoot"
            )
        }
        let kind: Kind =
            switch key {
            case .cron: .cron(try container.decode(String.self, forKey: .cron))
            case .rate: .rate(try container.decode(Interval.self, forKey: .rate))
            case .at: .at(try container.decode(String.self, forKey: .at))
            case .once: try Self.flag(.once, key, container)
            case .nextBoot: try Self.flag(.nextBoot, key, container)
            default: try Self.flag(.everyBoot, key, container)
            }
        self.init(
            kind,
            timeZone: try container.decodeIfPresent(String.self, forKey: .timeZone),
            jitter: try container.decodeIfPresent(JitterDefinition.self, forKey: .jitter)
        )
        from = try container.decodeIfPresent(String.self, forKey: .from)
        until = try container.decodeIfPresent(String.self, forKey: .until)
        maxRuns = try container.decodeIfPresent(Int.self, forKey: .maxRuns)
    }

    private static func flag(
        _ kind: Kind,
        _ key: CodingKeys,
        _ container: KeyedDecodingContainer<CodingKeys>
    ) throws -> Kind {
        guard try container.decode(Bool.self, forKey: key) else {
            throw InvalidValue(
                at: container.codingPath + [key],
                reason: "cannot be false",
                expected: "true",
                hint: "leave the schedule out for a task that is only run by hand"
            )
        }
        return kind
    }

    package func encode(to encoder: any Encoder) throws {
        if case .text(let text) = kind, self == ScheduleDefinition(kind) {
            var container = encoder.singleValueContainer()
            try container.encode(text)
            return
        }
        var container = encoder.container(keyedBy: CodingKeys.self)
        switch kind {
        case .cron(let text), .text(let text): try container.encode(text, forKey: .cron)
        case .rate(let interval): try container.encode(interval, forKey: .rate)
        case .at(let text): try container.encode(text, forKey: .at)
        case .once: try container.encode(true, forKey: .once)
        case .nextBoot: try container.encode(true, forKey: .nextBoot)
        case .everyBoot: try container.encode(true, forKey: .everyBoot)
        }
        try container.encodeIfPresent(timeZone, forKey: .timeZone)
        try container.encodeIfPresent(jitter, forKey: .jitter)
        try container.encodeIfPresent(from, forKey: .from)
        try container.encodeIfPresent(until, forKey: .until)
        try container.encodeIfPresent(maxRuns, forKey: .maxRuns)
    }
}
