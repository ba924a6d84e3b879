import GRDB
import Glibc
import Logging
import ReeveProtocol

/// A database that is ready for use.
struct OpenedDatabase {
    var pool: DatabasePool
    var path: String
    var agentID: String
    var notices: [String]
    var memory: WriterMemory
    /// `PRAGMA synchronous`, read back from the writer.
    var synchronous: Int
}

/// Opens the database file, and sets it aside if it is damaged.
struct DatabaseFile {
    private let directory: String
    let path: String
    let clock: any WallClock
    private let logger: Logger

    init(directory: String, clock: any WallClock, logger: Logger) {
        self.directory = directory
        path = directory + "/reeve.db"
        self.clock = clock
        self.logger = logger
    }

    func open() throws(StoreError) -> OpenedDatabase {
        try StoreLock.makeDirectory(directory)
        do {
            return try openOnce(notices: [])
        } catch  where error.code == .damaged {
            let notice = try setAside(because: error.message)
            logger.error("the database was damaged and set aside", metadata: ["reason": "\(notice)"])
            return try openOnce(notices: [notice])
        }
    }

    private func openOnce(notices: [String]) throws(StoreError) -> OpenedDatabase {
        try makeFile()
        do {
            let pool = try DatabasePool(path: path, configuration: Self.configuration)
            let now = clock.now
            let (agentID, memory, synchronous) = try pool.writeWithoutTransaction { database in
                let synchronous = try Self.prepareWriter(database)
                try checkIfSuspect(database)
                try Schema.migrate(database)
                return (try Self.agentID(database, now), try Self.memory(database), synchronous)
            }
            unlink(Self.suspectMark(path))
            return OpenedDatabase(
                pool: pool,
                path: path,
                agentID: agentID,
                notices: notices,
                memory: memory,
                synchronous: synchronous
            )
        } catch let error as DatabaseError {
            throw StoreError(error)
        } catch let error as StoreError {
            throw error
        } catch {
            throw StoreError(.unexpected, "the database could not be opened: \(error)")
        }
    }

    /// Small caches: the whole agent is to idle within 10 MiB.
    private static var configuration: Configuration {
        var configuration = Configuration()
        configuration.label = "reeve.store"
        configuration.maximumReaderCount = 4
        configuration.busyMode = .timeout(5)
        configuration.prepareDatabase { database in
            let kibibytes = database.configuration.readonly ? 256 : 2048
            try database.execute(sql: "PRAGMA cache_size = -\(kibibytes)")
            // 16 MiB of log: pages that change in every commit are moved into the database less often.
            try database.execute(sql: "PRAGMA wal_autocheckpoint = 4000")
        }
        return configuration
    }

    /// GRDB sets `synchronous` to NORMAL when the pool is open, where a commit may be lost with the power: so FULL is
    /// set afterwards and read back.
    private static func prepareWriter(_ database: Database) throws -> Int {
        try database.execute(sql: "PRAGMA synchronous = FULL")
        try database.execute(sql: "PRAGMA journal_size_limit = \(16 << 20)")
        let synchronous = Int(try database.number("PRAGMA synchronous") ?? -1)
        guard synchronous == 2 else {
            throw StoreError(.storage, "the database does not take synchronous=FULL")
        }
        return synchronous
    }

    /// The agent's id, made when there is none yet.
    private static func agentID(_ database: Database, _ now: Timestamp) throws -> String {
        let stored = "SELECT value FROM meta WHERE key = 'agentID'"
        if let id = try database.first(stored, [], { $0[0] as String }) { return id }
        var ids = UUIDv7Generator()
        let id = ids.next(at: now)
        try database.run("INSERT INTO meta (key, value) VALUES ('agentID', ?)", [.text(id)])
        return id
    }

    /// Ids go on above the last one, also if the clock was set back since.
    private static func memory(_ database: Database) throws -> WriterMemory {
        var memory = WriterMemory()
        memory.head = try database.number("SELECT seq FROM sqlite_sequence WHERE name = 'journal'") ?? 0
        memory.pageSize = try database.pageSize()
        memory.usedPages = try database.usedPages()
        let last = try database.first("SELECT id FROM journal ORDER BY sequence DESC LIMIT 1", []) { $0[0] as String }
        // From the next millisecond on, for the order within that of the last id is not known any more.
        if let time = last.flatMap(timeOfUUIDv7) { _ = memory.ids.next(at: time + .milliseconds(1)) }
        return memory
    }

    /// SQLite makes files with the process's umask; its log and index take the database's mode.
    private func makeFile() throws(StoreError) {
        let descriptor = Glibc.open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw StoreLock.cannot("open", path) }
        close(descriptor)
    }
}

/// The time in a UUIDv7's first 48 bits.
func timeOfUUIDv7(_ id: String) -> Timestamp? {
    guard isUUIDv7(id) else { return nil }
    return Int64(id.prefix(13).filter { $0 != "-" }, radix: 16).map(Timestamp.init(milliseconds:))
}
