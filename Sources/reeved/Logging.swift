import Glibc
import Logging
import ReeveAgent
import ReeveProtocol
import Systemd

/// Where the daemon's log goes, and in what form.
enum Logging {
    static func logger(_ configuration: Configuration, clock: SystemClock) -> Logger {
        let level = configuration.logLevel.flatMap(Logger.Level.init(rawValue:)) ?? .info
        let format = configuration.logFormat.flatMap(LogFormatName.init(rawValue:)) ?? .auto
        return Logger(label: "reeved") { _ in handler(format, level, clock) }
    }

    /// `auto` is the journal where standard error is connected to it, else text.
    private static func handler(_ format: LogFormatName, _ level: Logger.Level, _ clock: SystemClock) -> any LogHandler
    {
        switch format {
        case .journal: journal(level)
        case .auto where JournalLogHandler.isStandardErrorJournal: journal(level)
        case .json: StandardErrorLogHandler(format: .json, level: level) { clock.now }
        case .auto, .text: StandardErrorLogHandler(format: .text, level: level) { clock.now }
        }
    }

    private static func journal(_ level: Logger.Level) -> any LogHandler {
        var handler = JournalLogHandler(label: "reeved", identifier: "reeved")
        handler.logLevel = level
        return handler
    }
}
