import JSON

/// When a service that has ended runs again: a word, or an object with more to say.
package struct RestartDefinition: Sendable, Hashable {
    package var policy: RestartPolicy?
    /// The wait after the first failure in a row; each one ±10 %.
    package var delay: Interval?
    /// By what the wait grows with each further failure; 1 to 100.
    package var factor: Double?
    /// The longest wait.
    package var maximum: Interval?
    /// Having run for this long, its next failure is a first one.
    package var reset: Interval?
    /// So many failures within ``window``, and it is given up until a person or a requirement that changes starts it
    /// again; never if absent.
    package var limit: Int?
    package var window: Interval?

    package init(_ policy: RestartPolicy? = nil) {
        self.policy = policy
    }

    package static var defaultPolicy: RestartPolicy { .always }
    package static var defaultDelay: Interval { .seconds(1) }
    package static var defaultFactor: Double { 2 }
    package static var defaultMaximum: Interval { .minutes(1) }
    package static var defaultReset: Interval { .minutes(1) }
    package static var defaultWindow: Interval { .minutes(10) }
}

package enum RestartPolicy: String, WireWord {
    /// However it ended, unless it was told to.
    case always
    /// If it ended by a signal or with another code than 0.
    case onFailure
    case never
}

extension RestartDefinition: Codable {
    package enum CodingKeys: String, CodingKey, CaseIterable {
        case policy, delay, factor, maximum, reset, limit, window
    }

    package init(from decoder: any Decoder) throws {
        if (try? decoder.singleValueContainer().decode(String.self)) != nil {
            self.init(try RestartPolicy(from: decoder))
            return
        }
        let container = try decoder.container(keyedBy: CodingKeys.self)
        self.init(try container.decodeIfPresent(RestartPolicy.self, forKey: .policy))
        delay = try container.decodeIfPresent(Interval.self, forKey: .delay)
        factor = try container.decodeIfPresent(Double.self, forKey: .factor)
        maximum = try container.decodeIfPresent(Interval.self, forKey: .maximum)
        reset = try container.decodeIfPresent(Interval.self, forKey: .reset)
        limit = try container.decodeIfPresent(Int.self, forKey: .limit)
        window = try container.decodeIfPresent(Interval.self, forKey: .window)
    }

    package func encode(to encoder: any Encoder) throws {
        if let policy, self == RestartDefinition(policy) { return try policy.encode(to: encoder) }
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encodeIfPresent(policy, forKey: .policy)
        try container.encodeIfPresent(delay, forKey: .delay)
        try container.encodeIfPresent(factor, forKey: .factor)
        try container.encodeIfPresent(maximum, forKey: .maximum)
        try container.encodeIfPresent(reset, forKey: .reset)
        try container.encodeIfPresent(limit, forKey: .limit)
        try container.encodeIfPresent(window, forKey: .window)
    }

    func problems() -> [InvalidValue] {
        var problems = positive(delay, "/restart/delay") + positive(reset, "/restart/reset")
        problems += positive(window, "/restart/window")
        if let factor, !(1...100).contains(factor) {
            problems.append(InvalidValue(path: "/restart/factor", reason: "must be from 1 to 100"))
        }
        if let maximum, maximum < delay ?? Self.defaultDelay {
            problems.append(InvalidValue(path: "/restart/maximum", reason: "must not be shorter than delay"))
        }
        if let limit, !(1...1000).contains(limit) {
            problems.append(
                InvalidValue(
                    path: "/restart/limit",
                    reason: "must be from 1 to 1000",
                    hint: limit == 0 ? "leave it out for a service that is never given up" : nil
                )
            )
        }
        if window != nil, limit == nil {
            problems.append(InvalidValue(path: "/restart/window", reason: "has no meaning without limit"))
        }
        return problems
    }
}
