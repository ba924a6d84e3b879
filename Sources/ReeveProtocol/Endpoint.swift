/// Where state changes go, and how they are sent.
package struct EndpointDefinition: Sendable, Hashable, Codable {
    /// `[A-Za-z0-9._-]{1,128}`.
    package var name: String
    package var kind: EndpointKind
    /// Of a webhook: `http://`, `https://`, or over a Unix socket `http+unix://%2Frun%2Fapp.sock/hook`.
    package var url: ConfiguredValue?
    package var format: EventFormat?
    /// The Mustache text of format `template`.
    package var template: String?
    /// Whether a run that did not succeed has the last of its output with it.
    package var tail: Bool?
    /// How often it is told of a run that goes on, with the last of its output; 10 s to 24 h.
    package var progress: Interval?
    /// Of a file: where it is.
    package var path: String?
    /// Of a file: when the agent itself begins another one.
    package var rotate: RotationDefinition?
    /// Of a command: the program and its arguments.
    package var command: [String]?
    /// Of a command: as whom, with what and where it runs; as for steps.
    package var user: String?
    package var environment: [String: ConfiguredValue]?
    package var workingDirectory: String?
    /// `whsec_` and base64 of 24 to 64 bytes; without one nothing is signed.
    package var secret: ConfiguredValue?
    package var filter: EventFilter?
    /// How long step changes gather while their run goes on, before they are sent by themselves.
    package var drain: DrainDefinition?
    /// Of one request, from its start to the whole answer.
    package var timeout: Interval?
    /// Requests at once, 1 to 100.
    package var inFlight: Int?
    /// Many events in one request; without it each has its own.
    package var batch: BatchDefinition?
    package var retry: RetryDefinition?
    package var refused: RefusedPolicy?
    package var answers: [String: AnswerPolicy]?
    package var headers: [String: ConfiguredValue]?
    /// Of a webhook; absent: who the host trusts is trusted.
    package var tls: TLSDefinition?
    /// `now`, `oldest`, a journal number, or a time.
    package var from: String?

    package enum CodingKeys: String, CodingKey, CaseIterable {
        case name, kind, url, path, rotate, command, user, environment, workingDirectory
        case format, template, tail, progress, secret, headers, tls, answers
        case filter, drain, timeout, inFlight, batch, retry, refused, from
    }

    package init(name: String, kind: EndpointKind) {
        self.name = name
        self.kind = kind
    }

    package init(name: String, url: String) {
        self.init(name: name, kind: .webhook)
        self.url = .literal(url)
    }
}

package enum EndpointKind: String, WireWord {
    case webhook, file, command, stdout, queue, controlPlane
}

package enum EventFormat: String, WireWord {
    /// CloudEvents in JSON: the structured mode, for several the batched one.
    case cloudevents
    /// CloudEvents with the attributes in HTTP headers and the data as body.
    case binary
    /// A sentence for people.
    case text
    /// What the endpoint's template says.
    case template
}

/// When a file endpoint begins another file: the one until then becomes `PATH.1`, and `.1` becomes `.2`.
package struct RotationDefinition: Sendable, Hashable, Codable {
    /// Before a file would grow beyond it.
    package var size: ByteSize
    /// Files that are kept beside the current one, 1 to 1000; 5 by default.
    package var keep: Int?

    package static let defaultKeep = 5

    package enum CodingKeys: String, CodingKey, CaseIterable {
        case size, keep
    }

    package init(size: ByteSize, keep: Int? = nil) {
        self.size = size
        self.keep = keep
    }
}

/// What becomes of a change that the receiver refuses for itself (400, 413, 415, 422).
package enum RefusedPolicy: String, WireWord {
    /// A few tries, then the dead letters, and the lane goes on.
    case deadLetter
    /// The lane waits until a person decides.
    case hold
}

/// How an answer is taken, by its status.
package enum AnswerPolicy: String, WireWord {
    case delivered, retry, deadLetter, pause
}

/// How much one request may carry: as many events as wait, up to both.
package struct BatchDefinition: Sendable, Hashable, Codable {
    /// 1 to 1000.
    package var events: Int?
    /// At least 1 KiB, at most 16 MiB; a single event may be larger.
    package var bytes: ByteSize?

    package enum CodingKeys: String, CodingKey, CaseIterable {
        case events, bytes
    }

    package init(events: Int? = nil, bytes: ByteSize? = nil) {
        self.events = events
        self.bytes = bytes
    }
}

/// The wait between drains, drawn anew each time between the two.
package struct DrainDefinition: Sendable, Hashable, Codable {
    package var minimum: Interval?
    package var maximum: Interval?

    package enum CodingKeys: String, CodingKey, CaseIterable {
        case minimum, maximum
    }

    package init(minimum: Interval? = nil, maximum: Interval? = nil) {
        self.minimum = minimum
        self.maximum = maximum
    }
}

/// How long to wait between tries: `delay`, growing by `factor` up to `maximum`, each 0 to 20 % longer by chance.
package struct RetryDefinition: Sendable, Hashable, Codable {
    package var delay: Interval?
    /// 1 or more.
    package var factor: Double?
    package var maximum: Interval?
    /// Tries of a refused change before it is a dead letter.
    package var limit: Int?

    package enum CodingKeys: String, CodingKey, CaseIterable {
        case delay, factor, maximum, limit
    }

    package init(delay: Interval? = nil, factor: Double? = nil, maximum: Interval? = nil, limit: Int? = nil) {
        self.delay = delay
        self.factor = factor
        self.maximum = maximum
        self.limit = limit
    }
}
