import Glibc
import Logging
import ReeveProtocol
import TestSupport
import Testing

@testable import ReeveStore

@Suite struct OpeningTests {
    @Test func `the writer syncs every commit, and says so`() async throws {
        try await withStore { store, directory in
            #expect(try await store.statistics().synchronous == 2)
            let inTransaction = try await store.write { try $0.database.number("PRAGMA synchronous") }
            #expect(inTransaction == 2)
            let mode = try await store.write { transaction in
                try transaction.database.first("PRAGMA journal_mode", []) { $0.text(0) }
            }
            #expect(mode == "wal")
            #expect(directory.files.contains("reeve.db-wal"))
        }
    }

    @Test func `its files are for their owner alone`() async throws {
        try await withStore { store, directory in
            try await store.publish(event("a"))
            for name in directory.files {
                var status = stat()
                #expect(stat("\(directory.path)/\(name)", &status) == 0)
                #expect(status.st_mode & 0o777 == 0o600, "\(name)")
            }
        }
    }

    @Test func `the agent's id and the journal's numbers outlive the process`() async throws {
        let directory = try StateDirectory()
        let first = try directory.open()
        let id = first.agentID
        #expect(isUUIDv7(id))
        try await first.publish(event("a"), event("b"))
        await first.close()
        let second = try directory.open()
        #expect(second.agentID == id)
        #expect(second.head == 2)
        #expect(second.notices.isEmpty)
        await second.close()
    }

    @Test func `a file that is no database is set aside and named`() async throws {
        let directory = try StateDirectory()
        try directory.overwrite(
            directory.database,
            with: Array("this is not a database, ".utf8) + [UInt8](repeating: 7, count: 9000)
        )
        let store = try directory.open()
        let damaged = directory.files.filter { $0.hasPrefix("reeve.db.damaged-") }
        #expect(damaged == ["reeve.db.damaged-2026-11-21T03:00:00.000Z"])
        #expect(store.notices.count == 1)
        #expect(store.notices.first?.contains("reeve.db.damaged-2026-11-21T03:00:00.000Z") == true)
        try await store.publish(event("a"))
        await store.close()
    }

    @Test func `damage that is met while running fails the store, and the next start sets the file aside`() async throws
    {
        let directory = try StateDirectory()
        let first = try directory.open()
        for number in 0..<200 { try await first.publish(event("\(number)", data: String(repeating: "x", count: 500))) }
        await first.close()
        // The middle of the file, which the journal fills: opening reads the first pages alone.
        try directory.overwrite(directory.database, at: 40 * 4096, with: [UInt8](repeating: 0xAB, count: 20 * 4096))

        let second = try directory.open()
        #expect(second.notices.isEmpty)
        try #require(try await storeError { _ = try await second.journal() }?.code == .damaged)
        #expect(await second.waitUntilFailed().code == .damaged)
        await second.close()

        let third = try directory.open()
        #expect(third.notices.count == 1)
        #expect(third.head == 0)
        #expect(directory.files.filter { $0.hasPrefix("reeve.db.damaged-") && !$0.hasSuffix("-wal") }.count == 1)
        await third.close()
        let fourth = try directory.open()
        #expect(fourth.notices.isEmpty)
        await fourth.close()
    }

    @Test func `a database of a newer version is refused and left as it is`() async throws {
        let directory = try StateDirectory()
        let first = try directory.open()
        try await first.publish(event("a"))
        try await first.write { _ = try $0.database.run("PRAGMA user_version = 99") }
        await first.close()
        let error = try await storeError { _ = try directory.open() }
        #expect(error?.code == .newerSchema)
        #expect(error?.message.contains("99") == true)
        #expect(!directory.files.contains { $0.contains("damaged") })
    }

    @Test func `a database of the version before is brought up, with all that is in it`() async throws {
        let directory = try StateDirectory()
        let first = try directory.open()
        let put = try await first.put(TaskDefinition(id: "t", command: ["a"])).task
        let run = try await first.write { try $0.createRun(task: put, trigger: .manual, due: nil) }
        let task = try #require(try await first.read { try $0.task("t") })
        // What version 3 had, before sets, priorities and sizes of output.
        try await first.write { transaction in
            for statement in [
                "DROP INDEX runs_output", "DROP INDEX runs_outcome", "ALTER TABLE runs DROP COLUMN outputBytes",
                "DROP INDEX runs_queue", "DROP INDEX runs_notBefore", "DROP INDEX runs_notAfter",
                "ALTER TABLE runs DROP COLUMN priority", "ALTER TABLE runs DROP COLUMN notAfter",
                "CREATE INDEX runs_live ON runs (ifnull(due, createdAt), createdAt) WHERE status <> 'stopped'",
                "DROP INDEX tasks_applySet", "DROP INDEX tasks_source", "ALTER TABLE tasks DROP COLUMN applySet",
                "ALTER TABLE endpoints DROP COLUMN source", "ALTER TABLE endpoints DROP COLUMN by",
                "ALTER TABLE endpoints DROP COLUMN changedAt", "ALTER TABLE endpoints DROP COLUMN previousKey",
                "ALTER TABLE endpoints DROP COLUMN muting",
                "DROP INDEX deadLetters_held", "DROP INDEX deadLetters_wish", "DROP INDEX deadLetters_at",
                "ALTER TABLE deadLetters DROP COLUMN type", "ALTER TABLE deadLetters DROP COLUMN attempts",
                "ALTER TABLE deadLetters DROP COLUMN held", "ALTER TABLE deadLetters DROP COLUMN wish",
                "ALTER TABLE deadLetters DROP COLUMN first", "ALTER TABLE deadLetters DROP COLUMN lanes",
                "ALTER TABLE endpoints DROP COLUMN epoch", "ALTER TABLE endpoints DROP COLUMN replayThrough",
                "ALTER TABLE positions DROP COLUMN replayThrough", "ALTER TABLE positions DROP COLUMN replayUntil",
                "PRAGMA user_version = 3",
            ] { try transaction.database.run(statement) }
        }
        await first.close()
        let second = try directory.open()
        #expect(try await second.read { try $0.task("t") } == task)
        #expect(try await second.read { try $0.pendingRuns(now: run.createdAt, limit: 10) } == [run])
        let more = try await second.write { transaction in
            _ = try transaction.putTask(task.definition, source: "rpc", by: "uid:0", set: "s")
            return try transaction.tasks(ofSet: "s").map(\.id)
        }
        #expect(more == ["t"])
        await second.close()
    }

    @Test func `a second holder of the state directory is refused with the pid of the first`() throws {
        let directory = try StateDirectory()
        var lock: StoreLock? = try StoreLock.take(directory: directory.path)
        #expect(lock != nil)
        #expect(throws: StoreError.self) { try StoreLock.take(directory: directory.path) }
        do {
            _ = try StoreLock.take(directory: directory.path)
        } catch {
            #expect(error.code == .held(by: Int(getpid())))
            #expect(error.message.contains("\(getpid())"))
        }
        lock = nil
        _ = try StoreLock.take(directory: directory.path)
    }

    @Test func `a directory that cannot be made is an error that names it`() async throws {
        let error = try await storeError {
            let directory = try StateDirectory()
            _ = try Store.open(
                directory: "/dev/null/a",
                clock: directory.clock,
                elapsed: { .zero },
                logger: Logger(label: "test")
            )
        }
        #expect(error?.code == .storage)
        #expect(error?.message.contains("/dev/null/a") == true)
    }
}
