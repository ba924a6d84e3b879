import Glibc
import JSON
import Logging
import ReeveProtocol

/// Writes log messages to standard error: a line each, for people or as JSON.
struct StandardErrorLogHandler: LogHandler {
    enum Format: Sendable {
        case text
        case json
    }

    var metadata: Logger.Metadata = [:]
    var metadataProvider: Logger.MetadataProvider?
    var logLevel = Logger.Level.trace
    private let format: Format
    private let now: @Sendable () -> Timestamp

    init(format: Format, now: @escaping @Sendable () -> Timestamp) {
        self.format = format
        self.now = now
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        let all = metadata.merging(event.metadata ?? [:]) { _, own in own }.sorted { $0.key < $1.key }
        var pairs = all.map { ($0.key, $0.value.description) }
        if let error = event.error { pairs.append(("error", String(describing: error))) }
        let line =
            switch format {
            case .text: text(event, pairs)
            case .json: json(event, pairs)
            }
        // One write, so that lines of several threads do not mix.
        var bytes = Array((line + "\n").utf8)
        _ = write(STDERR_FILENO, &bytes, bytes.count)
    }

    private func text(_ event: LogEvent, _ pairs: [(String, String)]) -> String {
        let fields = pairs.map { " \($0.0)=\(quoted($0.1))" }.joined()
        return "\(now()) \(event.level.rawValue): \(event.message.description)\(fields)"
    }

    private func json(_ event: LogEvent, _ pairs: [(String, String)]) -> String {
        var object: JSONObject = [
            "time": .string(now().description), "level": .string(event.level.rawValue),
            "message": .string(event.message.description),
        ]
        for (name, value) in pairs { object[name] = .string(value) }
        return JSON.object(object).text
    }

    private func quoted(_ value: String) -> String {
        value.contains { $0 == " " || $0 == "\"" || $0 == "\n" } || value.isEmpty ? JSON.string(value).text : value
    }
}
