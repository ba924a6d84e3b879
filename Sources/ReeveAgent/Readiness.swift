import NIOConcurrencyHelpers
package import ReeveEngine

/// Whether the agent can do what it is asked.
package final class Readiness: Sendable {
    /// What has to run for that.
    static let parts = [
        Part.store.name, Part.processes.name, Part.scheduler.name, Part.runner.name, Part.services.name,
        Part.submitter.name, "socket",
    ]

    private let stopping = NIOLockedValueBox(false)

    package init() {}

    package var isStopping: Bool { stopping.withLockedValue { $0 } }

    package func stop() {
        stopping.withLockedValue { $0 = true }
    }

    package func isReady(_ report: EngineReport) -> Bool {
        !isStopping && report.areStarted(Self.parts)
    }

    /// As somebody sees it who asks over the socket: to him that part is there, though the engine may not know yet.
    package func isReadyForCaller(_ report: EngineReport) -> Bool {
        !isStopping && report.areStarted(Self.parts.filter { $0 != "socket" })
    }
}
