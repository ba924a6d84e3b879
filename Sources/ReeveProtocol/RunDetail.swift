/// What the probe of a step says of it.
package struct RunProbe: Sendable, Hashable, Codable {
    package var step: String
    /// The try of the step.
    package var attempt: Int
    package var health: ServiceHealth
    /// Why it is unhealthy, for people.
    package var reason: String?
    package var at: Timestamp

    package init(step: String, attempt: Int, health: ServiceHealth, reason: String? = nil, at: Timestamp) {
        self.step = step
        self.attempt = attempt
        self.health = health
        self.reason = reason
        self.at = at
    }
}

/// How far an attachment of a run is: forward only.
package enum AttachmentStatus: String, WireWord {
    case pending
    /// In place.
    case attached
    case failed
    /// Its time was over before the run began.
    case expired
}

package struct RunAttachment: Sendable, Hashable, Codable {
    package var path: String
    package var status: AttachmentStatus
    /// Why it failed: a stable word, and the same for people.
    package var cause: String?
    package var reason: String?
    package var expiresAt: Timestamp?
    /// When it reached its status.
    package var at: Timestamp

    package init(path: String, status: AttachmentStatus = .pending, expiresAt: Timestamp? = nil, at: Timestamp) {
        self.path = path
        self.status = status
        self.expiresAt = expiresAt
        self.at = at
    }
}

/// That a run goes on, told at intervals to the endpoints that ask for it.
package struct RunProgress: Sendable, Hashable, Codable {
    /// How long the run has gone on, and how long it had when this was told last.
    package var elapsed: Interval
    package var before: Interval

    package init(elapsed: Interval, before: Interval) {
        self.elapsed = elapsed
        self.before = before
    }

    /// Whether it is to be told to who is told at that interval, counted from the start of the run.
    package func isDue(every interval: Interval) -> Bool {
        elapsed.milliseconds / max(1, interval.milliseconds) > before.milliseconds / max(1, interval.milliseconds)
    }
}

/// A part of a run that reached a state while the run goes on, as it was then: told with the run's next change.
package enum RunDetail: Sendable, Hashable {
    case step(RunStep)
    case probe(RunProbe)
    case attachment(RunAttachment)
    /// It goes on.
    case progress(RunProgress)
}
