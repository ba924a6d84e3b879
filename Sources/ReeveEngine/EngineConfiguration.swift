/// The engine's numbers. Each manifold may have its own limits.
package struct EngineConfiguration: Sendable, Equatable {
    /// The wait after the first failure.
    package var errorDelay: Duration = .seconds(1)
    /// By what the wait grows with each further failure: 0 (it does not grow) or at least 1.
    package var errorFactor: Double = 2
    /// The longest wait, before the jitter of ±10 %; zero for none.
    package var maximumDelay: Duration = .seconds(60)
    /// A worker that ran as long as this begins anew with the first wait when it fails.
    package var resetAfter: Duration = .seconds(60)
    /// The constant wait of a bounce. It is counted from the last change, so that many changes are one bounce.
    package var bounceDelay: Duration = .milliseconds(10)
    /// `nil`: a start may take for ever.
    package var startLimit: Duration? = .seconds(60)
    package var stopLimit: Duration = .seconds(30)
    /// `nil`: nothing is given up.
    package var failureLimit: FailureLimit?
    /// How long a shutdown may take that nobody gave another deadline.
    package var shutdownLimit: Duration = .seconds(60)
    /// How long a worker may take for its own report.
    package var reportLimit: Duration = .seconds(2)

    package init() {}

    /// Throws an ``EngineError`` that names the field which cannot be used.
    package func validate() throws(EngineError) {
        let durations: [(String, Duration)] = [
            ("errorDelay", errorDelay), ("maximumDelay", maximumDelay), ("resetAfter", resetAfter),
            ("bounceDelay", bounceDelay), ("stopLimit", stopLimit), ("shutdownLimit", shutdownLimit),
            ("reportLimit", reportLimit), ("startLimit", startLimit ?? .zero),
            ("failureLimit.window", failureLimit?.window ?? .zero),
        ]
        for (field, duration) in durations where duration < .zero {
            throw .invalidConfiguration(field, "zero or more")
        }
        guard errorFactor == 0 || (errorFactor >= 1 && errorFactor.isFinite) else {
            throw .invalidConfiguration("errorFactor", "0 or at least 1")
        }
        guard failureLimit.map({ $0.count >= 1 }) ?? true else {
            throw .invalidConfiguration("failureLimit.count", "at least 1")
        }
    }
}
