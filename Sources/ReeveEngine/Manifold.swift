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

/// A worker that runs, and what it offers: exactly the outputs that its manifold declares.
package struct Started: Sendable {
    let worker: any Worker
    let outputs: [Output]

    package init(_ worker: any Worker, outputs: [Output] = []) {
        self.worker = worker
        self.outputs = outputs
    }
}
