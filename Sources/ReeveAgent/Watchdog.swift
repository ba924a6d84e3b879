package import Logging

/// Tells whoever watches the agent that it lives, for as long as it does.
package struct Watchdog: Sendable {
    /// What the agent shows of itself.
    package enum Sign: Sendable, Equatable {
        case alive
        /// It answers, but a part of it is stuck; why, for a person.
        case stuck(String)
    }

    private let interval: Duration
    private let clock: any Clock<Duration>
    private let logger: Logger
    private let look: @Sendable () async throws -> Sign
    private let pat: @Sendable () throws -> Void

    /// - Parameters:
    ///   - interval: After how long without a pat the agent counts as dead. It is patted twice in that time.
    ///   - look: Returns when the agent has shown how it is: not at all while it does not answer. Throws at its end.
    ///   - pat: Tells that it lives.
    package init(
        interval: Duration,
        clock: any Clock<Duration>,
        logger: Logger,
        look: @escaping @Sendable () async throws -> Sign,
        pat: @escaping @Sendable () throws -> Void
    ) {
        self.interval = interval
        self.clock = clock
        self.logger = logger
        self.look = look
        self.pat = pat
    }

    /// Runs until the agent has ended, a pat fails or the caller is cancelled, which it throws.
    package func run() async throws {
        while true {
            switch try await look() {
            case .alive: try pat()
            case .stuck(let reason): logger.error("the watchdog is not fed", metadata: ["reason": "\(reason)"])
            }
            try await clock.sleep(for: interval / 2)
        }
    }
}
