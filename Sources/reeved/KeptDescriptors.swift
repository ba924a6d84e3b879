import Glibc
import Logging
import NIOConcurrencyHelpers
import ReeveProcess
import Systemd

/// Descriptors that systemd keeps open for the service over its restarts (`sd_pid_notify_with_fds(3)`).
final class KeptDescriptors: DescriptorKeeper {
    private let notifier: Notifier
    private let logger: Logger
    private let found: NIOLockedValueBox<[String: CInt]>

    /// - Parameter passed: Those that were kept for this agent.
    init(_ passed: [PassedDescriptor], notifier: Notifier, logger: Logger) {
        self.notifier = notifier
        self.logger = logger
        found = NIOLockedValueBox(
            Dictionary(passed.compactMap { item in item.name.map { ($0, item.number) } }) { first, again in
                close(again)
                return first
            }
        )
    }

    func keep(_ descriptor: CInt, as name: String) -> Bool {
        do {
            return try notifier.store(descriptor, as: name)
        } catch {
            logger.warning("systemd keeps no descriptor for the next agent", metadata: ["error": "\(error)"])
            return false
        }
    }

    func drop(_ name: String) {
        if let descriptor = take(name) { close(descriptor) }
        // Nobody listens any more: nobody keeps it either.
        _ = try? notifier.removeStored(name)
    }

    func take(_ name: String) -> CInt? {
        found.withLockedValue { $0.removeValue(forKey: name) }
    }

    var left: [String] { found.withLockedValue { Array($0.keys) } }
}
