/// What is installed in the engine: a name, what it needs, how its worker is started, what it offers.
package struct Manifold: Sendable {
    /// Starts the worker.
    ///
    /// It may take its time, but has to watch for cancellation: it is cancelled when it is no longer wanted, and when the
    /// start limit has passed. The next start is not tried before this one returned.
    package typealias Start = @Sendable (Inputs) async throws -> Started

    /// Turns what ended the worker (`nil`: a clean end) into what the engine shall take it for, so that workers need not
    /// know the engine.
    package typealias Filter = @Sendable ((any Error)?) -> (any Error)?

    /// Unique in the engine.
    package let name: String
    package let inputs: [Input]
    package let outputs: [ResourceDeclaration]
    package let limits: ManifoldLimits
    let filter: Filter
    let start: Start

    package init(
        _ name: String,
        inputs: [Input] = [],
        outputs: [ResourceDeclaration] = [],
        limits: ManifoldLimits = ManifoldLimits(),
        filter: @escaping Filter = { $0 },
        start: @escaping Start
    ) {
        self.name = name
        self.inputs = inputs
        self.outputs = outputs
        self.limits = limits
        self.filter = filter
        self.start = start
    }
}

/// A manifold's own limits; what is `nil` is as the engine's configuration says.
package struct ManifoldLimits: Sendable, Equatable {
    /// How long a start may take before it is cancelled and counts as failed.
    package var start: Duration?
    /// How long the worker may take to end once told, before its task is cancelled and nobody waits for it any more.
    package var stop: Duration?
    /// How many failures in what time make the engine give it up.
    package var failures: FailureLimit?

    package init(start: Duration? = nil, stop: Duration? = nil, failures: FailureLimit? = nil) {
        self.start = start
        self.stop = stop
        self.failures = failures
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
}

/// A worker that runs, and what it offers: exactly the outputs that its manifold declares.
package struct Started: Sendable {
    let worker: any Worker
    let outputs: [Output]

    package init(_ worker: any Worker, outputs: [Output] = []) {
        self.worker = worker
        self.outputs = outputs
    }
}
