/// An engine as a worker of another: its report appears inside the outer one, its fatal error is the outer manifold's
/// failure, and the outer shutdown is its own.
package struct EngineWorker: Worker {
    private let engine: Engine

    package init(_ engine: Engine) {
        self.engine = engine
    }

    package func stop() {
        engine.shutdown()
    }

    package func wait() async throws {
        let left = try await engine.run()
        guard left.isEmpty else { throw EngineError.notStopped(left) }
    }

    package func report() async -> ReportValue? {
        await engine.report().value
    }
}
