import Logging
import NIOConcurrencyHelpers
import ReeveAgent
import ReeveEngine
import Systemd

/// Tells systemd, and the log, how things stand whenever that has changed.
final class StatusReporter: Sendable {
    private let agent: Agent
    private let notifier: Notifier
    private let logger: Logger
    /// What was told last, and whether all was well then.
    private let told = NIOLockedValueBox<(text: String, isReady: Bool)?>(nil)

    init(agent: Agent, notifier: Notifier, logger: Logger) {
        self.agent = agent
        self.notifier = notifier
        self.logger = logger
    }

    func changed(_ report: EngineReport) async {
        guard !agent.readiness.isStopping else { return }
        let down = report.manifolds.filter { $0.state != .started }
        let text =
            down.isEmpty ? await agent.summary() : "waiting for " + down.map(Self.describe).joined(separator: ", ")
        let isReady = down.isEmpty
        let before = told.withLockedValue { told in
            defer { told = (text, isReady) }
            return told
        }
        guard before?.text != text || before?.isReady != isReady else { return }
        tell(.status(text))
        guard isReady, before?.isReady != true else { return }
        tell(.ready)
        logger.info("ready", metadata: ["status": "\(text)"])
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
