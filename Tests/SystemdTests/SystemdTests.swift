import Glibc
import Logging
import Testing

@testable import Systemd

@Suite struct JournalEntryTests {
    private func entry(_ level: Logger.Level, _ metadata: Logger.Metadata, error: (any Error)? = nil) -> JournalEntry {
        let event = LogEvent(
            level: level,
            message: "a run ended",
            error: error,
            metadata: nil,
            source: "Reeve",
            file: "Reeve/Run.swift",
            function: "end()",
            line: 12
        )
        return JournalEntry(label: "reeve", identifier: "reeved", event: event, metadata: metadata)
    }

    @Test func `the message shows the data, and each piece has a field`() {
        let fields = entry(.warning, ["run.id": "7", "task": "back\nup"]).fields
        let values = Dictionary(uniqueKeysWithValues: fields.map { ($0.name, $0.value) })
        #expect(
            values == [
                "MESSAGE": "a run ended run.id=7 task=back\nup", "PRIORITY": "4", "SYSLOG_IDENTIFIER": "reeved",
                "CODE_FILE": "Reeve/Run.swift", "CODE_LINE": "12", "CODE_FUNC": "end()", "REEVE_LOGGER": "reeve",
                "REEVE_TEXT": "a run ended", "REEVE_RUN_ID": "7", "REEVE_TASK": "back\nup",
            ]
        )
    }

    @Test func `an error is told`() {
        let error = SystemdError(operation: "stand", number: ENOENT)
        let fields = entry(.error, [:], error: error).fields
        #expect(fields.contains { $0 == ("REEVE_ERROR", "cannot stand: No such file or directory") })
        #expect(fields[0].value == "a run ended error=cannot stand: No such file or directory")
    }

    @Test(arguments: [("a", "REEVE_A"), ("job.id", "REEVE_JOB_ID"), ("9 lives", "REEVE_9_LIVES"), ("ü", "REEVE___")])
    func `any key becomes a valid name`(key: String, name: String) {
        #expect(JournalEntry.name(key) == name)
    }

    @Test func `a long key is cut`() {
        #expect(JournalEntry.name(String(repeating: "k", count: 200)).utf8.count == 64)
    }

    @Test(arguments: zip(Logger.Level.allCases, [7, 7, 6, 5, 4, 3, 2]))
    func `levels are syslog's`(level: Logger.Level, priority: Int) {
        #expect(JournalEntry.priority(level) == priority)
    }

    @Test(arguments: [
        ("8:123", true), ("8:124", false), ("9:123", false), ("8", false), ("", false), ("8:123:1", false),
    ])
    func `the journal's stream is known by device and inode`(text: String, isSame: Bool) {
        #expect(JournalLogHandler.matches(text, device: 8, inode: 123) == isSame)
    }
}

/// The environment is one for all.
@Suite(.serialized) struct NotifierTests {
    @Test func `news are lines`() {
        #expect(Notifier.News.status("one\ntwo").assignment == "STATUS=one two")
        #expect(Notifier.News.extendTimeout(.milliseconds(1500)).assignment == "EXTEND_TIMEOUT_USEC=1500000")
        #expect(Notifier.News.mainProcess(7).assignment == "MAINPID=7")
    }

    @Test func `without a manager nothing is told, taken or awaited`() throws {
        unsetenv("NOTIFY_SOCKET")
        #expect(!Notifier().isHeard)
        #expect(try Notifier().tell(.ready) == false)
        #expect(try Notifier().watchdogInterval == nil)
        #expect(try PassedDescriptor.take().isEmpty)
    }

    @Test func `the manager hears what is told`() throws {
        let name = "@reeve-notifier-test-\(getpid())"
        let listener = try listen(to: name)
        defer { close(listener) }
        setenv("NOTIFY_SOCKET", name, 1)
        defer { unsetenv("NOTIFY_SOCKET") }
        #expect(try Notifier().tell(.ready, .status("2 tasks")))
        var buffer = [UInt8](repeating: 0, count: 256)
        let count = recv(listener, &buffer, buffer.count, Int32(MSG_DONTWAIT))
        #expect(String(decoding: buffer.prefix(max(0, count)), as: UTF8.self) == "READY=1\nSTATUS=2 tasks")
    }

    @Test func `the watchdog's interval is this process's own`() throws {
        setenv("WATCHDOG_USEC", "20000000", 1)
        defer {
            unsetenv("WATCHDOG_USEC")
            unsetenv("WATCHDOG_PID")
        }
        #expect(try Notifier().watchdogInterval == .seconds(20))
        setenv("WATCHDOG_PID", "1", 1)
        #expect(try Notifier().watchdogInterval == nil)
    }

    /// A datagram socket in the abstract name space.
    private func listen(to name: String) throws -> Int32 {
        let listener = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let bytes = [0] + Array(name.utf8.dropFirst())
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
        let length = socklen_t(MemoryLayout<sa_family_t>.size + bytes.count)
        let result = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(listener, $0, length) }
        }
        try #require(listener >= 0 && result == 0)
        return listener
    }
}
