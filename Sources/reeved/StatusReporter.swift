import Logging
import ReeveAgent
import ReeveEngine
import Systemd

/// Tells systemd, and the log, how things stand whenever a part comes or goes.
final class StatusReporter: Sendable {
    private let agent: Agent
    private let notifier: Notifier
    private let logger: Logger

    init(agent: Agent, notifier: Notifier, logger: Logger) {
        self.agent = agent
        self.notifier = notifier
        self.logger = logger
    }

    func changed(_ report: EngineReport) async {
        guard !agent.readiness.isStopping else { return }
        let down = report.manifolds.filter { $0.state != .started }
        guard down.isEmpty else {
            tell(.status("waiting for " + down.map(Self.describe).joined(separator: ", ")))
            return
        }
        let summary = await agent.summary()
        tell(.ready, .status(summary))
        logger.info("ready", metadata: ["status": "\(summary)"])
    }

    /// What systemd is told is for people who look: that it could not be told ends nothing.
    private func tell(_ news: Notifier.News...) {
        do {
            for item in news { try notifier.tell(item) }
        } catch {
            logger.warning("cannot tell systemd how things stand", metadata: ["error": "\(error)"])
        }
    }

    private static func describe(_ manifold: ManifoldReport) -> String {
        manifold.error.map { "\(manifold.name) (\($0))" } ?? manifold.name
    }
}
