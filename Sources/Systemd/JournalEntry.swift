import CSystemd
import Glibc
import Logging

/// The fields of one entry of the journal (`systemd.journal-fields(7)`).
struct JournalEntry {
    private(set) var fields: [(name: String, value: String)] = []

    init(label: String, identifier: String, event: LogEvent, metadata: Logger.Metadata) {
        let pairs = metadata.sorted { $0.key < $1.key }
        add("MESSAGE", Self.message(event, pairs))
        add("PRIORITY", String(Self.priority(event.level)))
        add("SYSLOG_IDENTIFIER", identifier)
        add("CODE_FILE", event.file)
        add("CODE_LINE", String(event.line))
        add("CODE_FUNC", event.function)
        add("REEVE_LOGGER", label)
        add("REEVE_TEXT", "\(event.message)")
        if let error = event.error { add("REEVE_ERROR", "\(error)") }
        for (key, value) in pairs { add(Self.name(key), "\(value)") }
    }

    /// Appends to the journal. Answers whether it took it.
    func send() -> Bool {
        var bytes: [UInt8] = []
        var lengths: [Int] = []
        for (name, value) in fields {
            let start = bytes.count
            bytes += name.utf8
            bytes.append(UInt8(ascii: "="))
            bytes += value.utf8
            lengths.append(bytes.count - start)
        }
        return bytes.withUnsafeMutableBytes { buffer in
            var offset = 0
            let parts = lengths.map { length in
                defer { offset += length }
                return iovec(iov_base: buffer.baseAddress.map { $0 + offset }, iov_len: length)
            }
            return sd_journal_sendv(parts, Int32(parts.count)) >= 0
        }
    }

    /// A metadata key as a field of ours: `run.id` is `REEVE_RUN_ID`. The prefix keeps it apart from the fields that
    /// have a meaning to systemd, as `UNIT` has.
    static func name(_ key: String) -> String {
        let letters = key.utf8.map { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"): byte - 32
            case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"): byte
            default: UInt8(ascii: "_")
            }
        }
        // The journal refuses names of more than 64 bytes.
        return String(decoding: (Array("REEVE_".utf8) + letters).prefix(64), as: UTF8.self)
    }

    /// The numbers of `syslog(3)`.
    static func priority(_ level: Logger.Level) -> Int {
        switch level {
        case .trace, .debug: 7
        case .info: 6
        case .notice: 5
        case .warning: 4
        case .error: 3
        case .critical: 2
        }
    }

    /// What `journalctl` and `systemctl status` show, who show nothing else: the data belongs there too.
    private static func message(_ event: LogEvent, _ pairs: [(key: String, value: Logger.MetadataValue)]) -> String {
        var text = "\(event.message)"
        for (key, value) in pairs { text += " \(key)=\(value)" }
        if let error = event.error { text += " error=\(error)" }
        return text
    }

    private mutating func add(_ name: String, _ value: String) {
        fields.append((name, value))
    }
}
