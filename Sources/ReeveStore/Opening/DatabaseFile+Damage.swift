import GRDB
import Glibc
import ReeveProtocol

extension DatabaseFile {
    /// A file beside the database that says: look through all of it before it is used again.
    ///
    /// The whole check reads every page, which is too slow for every start.
    static func suspectMark(_ path: String) -> String { path + ".suspect" }

    static func markSuspect(_ path: String) {
        let descriptor = Glibc.open(suspectMark(path), O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
        if descriptor >= 0 { close(descriptor) }
    }

    func checkIfSuspect(_ database: Database) throws {
        guard access(Self.suspectMark(path), F_OK) == 0 else { return }
        let verdict = try database.first("PRAGMA quick_check(1)", []) { $0[0] as String }
        guard verdict == "ok" else { throw StoreError(.damaged, verdict ?? "the check of the database gave no result") }
    }

    /// Renames the database and its log out of the way; answers what a person is told.
    func setAside(because reason: String) throws(StoreError) -> String {
        let stem = path + ".damaged-\(clock.now)"
        var target = stem
        var count = 1
        while access(target, F_OK) == 0 {
            count += 1
            target = "\(stem).\(count)"
        }
        guard rename(path, target) == 0 else { throw StoreLock.cannot("rename", path) }
        // The log may be missing, and the shared index is of no use without the rest.
        _ = rename(path + "-wal", target + "-wal")
        unlink(path + "-shm")
        unlink(Self.suspectMark(path))
        return "the database was damaged (\(reason)); it was set aside as \(target) and a new one made"
    }

    /// Bytes of the database file and of its log; 0 for one that is not there.
    static func sizes(_ path: String) -> (database: Int, log: Int) {
        func size(_ path: String) -> Int {
            var status = stat()
            return stat(path, &status) == 0 ? Int(status.st_size) : 0
        }
        return (size(path), size(path + "-wal"))
    }
}
