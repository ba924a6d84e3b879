/// A manifold's own limits; what is `nil` is as the engine's configuration says.
package struct ManifoldLimits: Sendable, Equatable {
    /// How long a start may take before it is cancelled and counts as failed.
    package var start: Duration?
    /// How long the worker may take to end once told, before its task is cancelled and nobody waits for it any more.
    package var stop: Duration?
    /// How many failures in what time make the engine give it up.
    package var failures: FailureLimit?
    /// How long to wait between failures.
    package var backoff: BackoffPolicy?

    package init(
        start: Duration? = nil,
        stop: Duration? = nil,
        failures: FailureLimit? = nil,
        backoff: BackoffPolicy? = nil
    ) {
        self.start = start
        self.stop = stop
        self.failures = failures
        self.backoff = backoff
    }

    /// The first field that cannot be used.
    var fault: FieldFault? {
        FieldFault.negative([("start", start), ("stop", stop)])
            ?? failures?.fault?.within("failures")
            ?? backoff?.fault?.within("backoff")
    }
}

/// So many failures within this time are too many.
package struct FailureLimit: Sendable, Equatable {
    /// At least 1.
    package var count: Int
    package var window: Duration

    package init(count: Int, window: Duration) {
        self.count = count
        self.window = window
    }

    /// The first field that cannot be used.
    var fault: FieldFault? {
        guard count >= 1 else { return FieldFault(field: "count", expected: "at least 1") }
        return .negative([("window", window)])
    }
}
