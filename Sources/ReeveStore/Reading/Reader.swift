import GRDB

/// Reads from one state of the database. It is valid only within the body that it is given to.
package struct Reader: StateReading {
    let database: Database

    package var reader: Reader { self }
}

/// What can be asked of the store, in a read and within a write alike.
package protocol StateReading {
    var reader: Reader { get }
}

extension StateReading {
    var database: Database { reader.database }

    /// The text kept under that name: `zones`, `lastBoot`, ….
    package func meta(_ key: String) throws -> String? {
        try database.first("SELECT value FROM meta WHERE key = ?", [.text(key)]) { $0[0] as String }
    }
}
