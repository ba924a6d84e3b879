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

/// A part of a run that reached a state while the run goes on, as it was then: told with the run's next change.
package enum RunDetail: Sendable, Hashable {
    case step(RunStep)
    case probe(RunProbe)
}
