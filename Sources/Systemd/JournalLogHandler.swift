import Glibc
package import Logging

/// Logs to systemd's journal, each piece of metadata in a field of its own.
package struct JournalLogHandler: LogHandler {
    package var logLevel = Logger.Level.info
    package var metadata: Logger.Metadata = [:]
    package var metadataProvider: Logger.MetadataProvider?

    private let label: String
    private let identifier: String

    /// - Parameters:
    ///   - label: The logger's.
    ///   - identifier: The program's name, as `journalctl -t` takes it.
    package init(label: String, identifier: String) {
        self.label = label
        self.identifier = identifier
    }

    package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    package func log(event: LogEvent) {
        var all = metadata
        if let provided = metadataProvider?.get() { all.merge(provided) { _, new in new } }
        if let given = event.metadata { all.merge(given) { _, new in new } }
        let entry = JournalEntry(label: label, identifier: identifier, event: event, metadata: all)
        guard !entry.send() else { return }
        // The journal is not there or is being restarted; what listens to stderr may still be.
        let line = Array("<\(JournalEntry.priority(event.level))>\(entry.fields[0].value)\n".utf8)
        _ = write(STDERR_FILENO, line, line.count)
    }
}

extension JournalLogHandler {
    /// Whether what this process writes to stderr goes to the journal anyhow: the sign that a service manager wants its
    /// log there (`JOURNAL_STREAM`, `systemd.exec(5)`).
    package static var isStandardErrorJournal: Bool {
        guard let value = getenv("JOURNAL_STREAM") else { return false }
        var status = stat()
        guard fstat(STDERR_FILENO, &status) == 0 else { return false }
        return matches(String(cString: value), device: UInt64(status.st_dev), inode: UInt64(status.st_ino))
    }

    static func matches(_ stream: String, device: UInt64, inode: UInt64) -> Bool {
        let parts = stream.split(separator: ":", omittingEmptySubsequences: false).map { UInt64($0) }
        return parts == [device, inode]
    }
}
