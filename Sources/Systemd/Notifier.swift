import CSystemd
import Glibc

/// Tells the service manager how the service is (`sd_notify(3)`).
package struct Notifier: Sendable {
    package enum News: Sendable, Equatable {
        /// Started, or reloaded.
        case ready
        case reloading
        case stopping
        /// One line for people, shown by `systemctl status`.
        case status(String)
        /// Still alive: see ``watchdogInterval``.
        case watchdog
        /// Do not lose patience for as long, from now on, with the present start or stop.
        case extendTimeout(Duration)
        case mainProcess(Int32)
    }

    package init() {}

    /// Whether anybody listens: the process was started by a service manager that wants to be told.
    package var isHeard: Bool { getenv("NOTIFY_SOCKET") != nil }

    /// Tells all of this at once. Answers whether it was told: nobody may listen, which is no error.
    @discardableResult
    package func tell(_ news: News...) throws(SystemdError) -> Bool {
        let text = news.map(\.assignment).joined(separator: "\n")
        return try SystemdError.check(sd_notify(0, text), "notify the service manager") > 0
    }

    /// Has the manager keep a descriptor under a name for this service, over its restarts (`FDSTORE=1`). Answers whether
    /// it was told; it keeps as many as the unit's `FileDescriptorStoreMax=` says.
    package func store(_ descriptor: Int32, as name: String) throws(SystemdError) -> Bool {
        // Kept also when nobody writes to it any more: what is in it has not been read.
        let text = "FDSTORE=1\nFDPOLL=0\nFDNAME=\(name)"
        let result = withUnsafePointer(to: descriptor) { sd_pid_notify_with_fds(0, 0, text, $0, 1) }
        return try SystemdError.check(result, "have the service manager keep a descriptor") > 0
    }

    /// Has it give up what it keeps under a name.
    package func removeStored(_ name: String) throws(SystemdError) {
        _ = try SystemdError.check(
            sd_notify(0, "FDSTOREREMOVE=1\nFDNAME=\(name)"),
            "have the service manager give up a descriptor"
        )
    }

    /// How often the manager wants to hear ``News/watchdog`` at least; `nil` if it does not. Tell it about twice as often.
    package var watchdogInterval: Duration? {
        get throws(SystemdError) {
            var microseconds: UInt64 = 0
            let result = sd_watchdog_enabled(0, &microseconds)
            guard try SystemdError.check(result, "read the watchdog's interval") > 0 else { return nil }
            return .microseconds(Int64(clamping: microseconds))
        }
    }
}

extension Notifier.News {
    var assignment: String {
        switch self {
        case .ready: "READY=1"
        case .reloading: "RELOADING=1"
        case .stopping: "STOPPING=1"
        case .status(let text): "STATUS=" + text.split(whereSeparator: \.isNewline).joined(separator: " ")
        case .watchdog: "WATCHDOG=1"
        case .extendTimeout(let duration): "EXTEND_TIMEOUT_USEC=\(duration.inMicroseconds)"
        case .mainProcess(let id): "MAINPID=\(id)"
        }
    }
}

extension Duration {
    fileprivate var inMicroseconds: Int64 {
        let (seconds, attoseconds) = components
        return seconds * 1_000_000 + attoseconds / 1_000_000_000_000
    }
}
