import Logging
import NIOConcurrencyHelpers
import ReeveAgent

/// From which level on messages are logged: one for all loggers, and another one after a reload.
final class LogLevel: Sendable {
    private let level: NIOLockedValueBox<Logger.Level>

    init(_ configuration: Configuration) {
        level = NIOLockedValueBox(Self.level(of: configuration))
    }

    var current: Logger.Level { level.withLockedValue { $0 } }

    @Sendable func take(_ configuration: Configuration) {
        level.withLockedValue { $0 = Self.level(of: configuration) }
    }

    private static func level(of configuration: Configuration) -> Logger.Level {
        configuration.logLevel.flatMap(Logger.Level.init(rawValue:)) ?? .info
    }
}

/// Logs what is of the level of all, or of that which a logger was given for itself.
struct LevelledLogHandler: LogHandler {
    private var handler: any LogHandler
    private let level: LogLevel
    private var own: Logger.Level?

    init(handler: any LogHandler, level: LogLevel) {
        self.handler = handler
        self.level = level
    }

    var logLevel: Logger.Level {
        get { own ?? level.current }
        set { own = newValue }
    }

    var metadata: Logger.Metadata {
        get { handler.metadata }
        set { handler.metadata = newValue }
    }

    var metadataProvider: Logger.MetadataProvider? {
        get { handler.metadataProvider }
        set { handler.metadataProvider = newValue }
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { handler[metadataKey: key] }
        set { handler[metadataKey: key] = newValue }
    }

    func log(event: LogEvent) {
        handler.log(event: event)
    }
}
