/// The engine's numbers. Each manifold may have its own limits.
package struct EngineConfiguration: Sendable, Equatable {
    /// The waits between failures. A bounce is none.
    package var backoff = BackoffPolicy()
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
        let fault =
            FieldFault.negative([
                ("bounceDelay", bounceDelay), ("startLimit", startLimit), ("stopLimit", stopLimit),
                ("shutdownLimit", shutdownLimit), ("reportLimit", reportLimit),
            ])
            ?? backoff.fault?.within("backoff")
            ?? failureLimit?.fault?.within("failureLimit")
        if let fault { throw .invalidConfiguration(fault) }
    }
}
