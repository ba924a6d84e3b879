import Glibc
import JSON
import Logging
import ReeveProtocol
import ReeveStore
import TestSupport

/// A state directory of a test's own, which is removed with the value.
final class StateDirectory: Sendable {
    private let folder: TemporaryFolder
    let clock = ManualWallClock()
    let stopwatch = ManualClock()

    init() throws {
        folder = try TemporaryFolder()
    }

    var path: String { folder.path }
    var database: String { path + "/reeve.db" }

    /// The names of the files in it, sorted.
    var files: [String] { names(in: path).sorted() }

    func open() throws -> Store {
        let stopwatch = stopwatch
        return try Store.open(
            directory: path,
            clock: clock,
            elapsed: { stopwatch.now.offset },
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        )
    }

    /// Writes over a file from an offset on.
    func overwrite(_ path: String, at offset: Int = 0, with bytes: [UInt8]) throws {
        let descriptor = Glibc.open(path, O_WRONLY | O_CREAT, 0o600)
        defer { close(descriptor) }
        guard pwrite(descriptor, bytes, bytes.count, off_t(offset)) == bytes.count else {
            throw POSIXFailure(number: errno)
        }
    }
}

struct POSIXFailure: Error {
    var number: CInt
}

/// Opens a store in a directory of its own for as long as `body` runs.
func withStore<Value>(_ body: (Store, StateDirectory) async throws -> Value) async throws -> Value {
    let directory = try StateDirectory()
    let store = try directory.open()
    do {
        let value = try await body(store, directory)
        await store.close()
        return value
    } catch {
        await store.close()
        throw error
    }
}

extension Store {
    @discardableResult
    func publish(_ events: PublishedEvent...) async throws -> [PublishReceipt] {
        try await write { try $0.publish(events, source: "/test") }
    }

    @discardableResult
    func put(
        _ definition: TaskDefinition,
        source: String = "rpc",
        ifRevision: Int? = nil
    ) async throws -> TaskPut {
        try await write { try $0.putTask(definition, source: source, by: "uid:1", ifRevision: ifRevision) }
    }

    func run(_ id: String) async throws -> Run? {
        try await read { try $0.run(id) }
    }

    func journal() async throws -> [StateChange] {
        try await read { try $0.changes(after: 0, limit: 1_000_000) }
    }
}

/// The store's error that `body` throws; `nil` if it throws none.
func storeError(_ body: () async throws -> Void) async throws -> StoreError? {
    do {
        try await body()
        return nil
    } catch let error as StoreError {
        return error
    }
}

func event(_ subject: String, id: String? = nil, data: String? = nil) -> PublishedEvent {
    PublishedEvent(type: "order.paid", subject: subject, data: data.map { .string($0) }, id: id)
}
