import Glibc
import Logging
import ReeveAgent
import ReeveProtocol
import Systemd

/// Where the daemon's log goes, and in what form.
enum Logging {
    static func logger(_ configuration: Configuration, level: LogLevel, clock: SystemClock) -> Logger {
        let format = configuration.logFormat.flatMap(LogFormatName.init(rawValue:)) ?? .auto
        return Logger(label: "reeved") { _ in LevelledLogHandler(handler: handler(format, clock), level: level) }
    }

    /// `auto` is the journal where standard error is connected to it, else text.
    private static func handler(_ format: LogFormatName, _ clock: SystemClock) -> any LogHandler {
        switch format {
        case .journal: journal
        case .auto where JournalLogHandler.isStandardErrorJournal: journal
        case .json: StandardErrorLogHandler(format: .json) { clock.now }
        case .auto, .text: StandardErrorLogHandler(format: .text) { clock.now }
        }
    }

    private static var journal: any LogHandler { JournalLogHandler(label: "reeved", identifier: "reeved") }
}
