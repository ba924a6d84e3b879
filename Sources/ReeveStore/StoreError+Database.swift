import GRDB

extension StoreError {
    /// What a caller is told of an error that SQLite gave.
    init(_ error: DatabaseError) {
        let text = error.message ?? "no message"
        switch error.resultCode {
        case .SQLITE_FULL:
            self.init(.storage, "the disk is full: nothing was changed")
            isFullDisk = true
        case .SQLITE_CORRUPT, .SQLITE_NOTADB: self.init(.damaged, "the database is damaged: \(text)")
        case let code where Self.failing.contains(code):
            self.init(
                .storage,
                "the database cannot be written or read: \(text) (\(error.extendedResultCode.rawValue))"
            )
        default:
            self.init(.unexpected, "the database refused a statement: \(text) (\(error.extendedResultCode.rawValue))")
        }
    }

    /// The same for an error of any kind that a write or read ended with.
    static func described(_ error: any Error) -> any Error {
        (error as? DatabaseError).map { StoreError($0) } ?? error
    }

    /// Results that say something of the disk or the file, and nothing of the statement.
    private static let failing: [ResultCode] = [
        .SQLITE_IOERR, .SQLITE_CANTOPEN, .SQLITE_READONLY, .SQLITE_NOMEM, .SQLITE_BUSY, .SQLITE_LOCKED,
        .SQLITE_PROTOCOL,
        .SQLITE_PERM, .SQLITE_AUTH, .SQLITE_NOLFS, .SQLITE_ABORT, .SQLITE_INTERRUPT,
    ]

    /// Whether a whole group of writes fails with this: it is no fault of the one write that met it.
    var endsGroup: Bool {
        switch code {
        case .storage, .damaged, .outcomeUnknown: true
        default: false
        }
    }
}
