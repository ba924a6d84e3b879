import JSON

/// What is asked to find out whether a process works.
package enum ProbeTarget: Sendable, Hashable {
    /// A connection can be made there: `HOST:PORT`, `[::1]:PORT`.
    case tcp(String)
    /// A GET is answered with a status from 200 to 399.
    case http(String)
    /// A command ends with code 0. It runs as the process's user, in its folder and with its environment.
    case exec([String])
    /// A line of the output, since the process was started, has this text in it.
    case log(String)
}

/// When a process that was started is ready: one way to tell, and how long that may take.
package struct ReadinessDefinition: Sendable, Hashable {
    package enum Signal: Sendable, Hashable {
        /// It says `READY=1` to the socket in `NOTIFY_SOCKET` (sd_notify(3)).
        case notify
        case probe(ProbeTarget)
    }

    package var signal: Signal
    /// From its start; not ready by then it is ended as failed. One that speaks sd_notify may ask for more.
    package var timeout: Interval?
    /// Between two tries of a probe.
    package var interval: Interval?

    package init(_ signal: Signal, timeout: Interval? = nil, interval: Interval? = nil) {
        self.signal = signal
        self.timeout = timeout
        self.interval = interval
    }

    package static var defaultTimeout: Interval { .seconds(90) }
    package static var defaultInterval: Interval { .milliseconds(500) }
}

/// Asks a process that runs, again and again, whether it is healthy.
package struct ProbeDefinition: Sendable, Hashable {
    package var target: ProbeTarget
    /// From the end of one try to the next.
    package var interval: Interval?
    /// Of one try.
    package var timeout: Interval?
    /// Failures in a row until it is unhealthy; 1 to 1,000.
    package var threshold: Int?
    /// From its start on failures do not count for so long; the first success ends this.
    package var startPeriod: Interval?
    /// What becomes of a process that is unhealthy.
    package var unhealthy: UnhealthyPolicy?

    package init(_ target: ProbeTarget) {
        self.target = target
    }

    package static var defaultInterval: Interval { .seconds(10) }
    package static var defaultTimeout: Interval { .seconds(5) }
    package static var defaultThreshold: Int { 3 }
}

package enum UnhealthyPolicy: String, WireWord {
    /// It is told, and conditions that need its health do not hold.
    case tell
    /// It is ended as failed too, and so started again where its restart policy says so.
    case restart
}

// MARK: Coding

extension ProbeTarget {
    private static let names = ["tcp", "http", "exec", "log"]

    /// Which one of the names is given. Throws unless it is exactly one of the targets' names and `others`.
    static func name<Key>(
        in container: KeyedDecodingContainer<Key>,
        others: [String] = []
    ) throws -> String {
        let allowed = others + names
        let given = allowed.filter { Key(stringValue: $0).map(container.contains) ?? false }
        guard let name = given.first, given.count == 1 else {
            throw InvalidValue(
                at: container.codingPath,
                reason: given.isEmpty
                    ? "does not say what is asked"
                    : "has \(given.joined(separator: " and ")), but only one may be given",
                expected: "one of \(allowed.joined(separator: ", "))"
            )
        }
        return name
    }

    init<Key>(named name: String, in container: KeyedDecodingContainer<Key>) throws {
        // The name was found among the keys before.
        guard let key = Key(stringValue: name) else { throw InvalidValue(path: "", reason: "has no \(name)") }
        switch name {
        case "exec": self = .exec(try container.decode([String].self, forKey: key))
        case "tcp": self = .tcp(try container.decode(String.self, forKey: key))
        case "http": self = .http(try container.decode(String.self, forKey: key))
        default: self = .log(try container.decode(String.self, forKey: key))
        }
    }

    private enum Keys: String, CodingKey {
        case tcp, http, exec, log
    }

    func encode(into encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Keys.self)
        switch self {
        case .tcp(let place): try container.encode(place, forKey: .tcp)
        case .http(let url): try container.encode(url, forKey: .http)
        case .exec(let command): try container.encode(command, forKey: .exec)
        case .log(let text): try container.encode(text, forKey: .log)
        }
    }
}

extension ReadinessDefinition: Codable {
    package enum CodingKeys: String, CodingKey, CaseIterable {
        case notify, log, tcp, http, exec, timeout, interval
    }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        let name = try ProbeTarget.name(in: container, others: ["notify"])
        if name == "notify" {
            guard try container.decode(Bool.self, forKey: .notify) else {
                throw InvalidValue(
                    at: container.codingPath + [CodingKeys.notify],
                    reason: "cannot be false",
                    expected: "true",
                    hint: "leave ready out for a service that is ready as soon as it runs"
                )
            }
            signal = .notify
        } else {
            signal = .probe(try ProbeTarget(named: name, in: container))
        }
        timeout = try container.decodeIfPresent(Interval.self, forKey: .timeout)
        interval = try container.decodeIfPresent(Interval.self, forKey: .interval)
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        switch signal {
        case .notify: try container.encode(true, forKey: .notify)
        case .probe(let target): try target.encode(into: encoder)
        }
        try container.encodeIfPresent(timeout, forKey: .timeout)
        try container.encodeIfPresent(interval, forKey: .interval)
    }
}

extension ProbeDefinition: Codable {
    package enum CodingKeys: String, CodingKey, CaseIterable {
        case tcp, http, exec, log, interval, timeout, threshold, startPeriod, unhealthy
    }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        self.init(try ProbeTarget(named: try ProbeTarget.name(in: container), in: container))
        interval = try container.decodeIfPresent(Interval.self, forKey: .interval)
        timeout = try container.decodeIfPresent(Interval.self, forKey: .timeout)
        threshold = try container.decodeIfPresent(Int.self, forKey: .threshold)
        startPeriod = try container.decodeIfPresent(Interval.self, forKey: .startPeriod)
        unhealthy = try container.decodeIfPresent(UnhealthyPolicy.self, forKey: .unhealthy)
    }

    package func encode(to encoder: any Encoder) throws {
        try target.encode(into: encoder)
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encodeIfPresent(interval, forKey: .interval)
        try container.encodeIfPresent(timeout, forKey: .timeout)
        try container.encodeIfPresent(threshold, forKey: .threshold)
        try container.encodeIfPresent(startPeriod, forKey: .startPeriod)
        try container.encodeIfPresent(unhealthy, forKey: .unhealthy)
    }
}
