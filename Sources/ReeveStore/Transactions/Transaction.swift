import GRDB
import NIOConcurrencyHelpers
package import ReeveProtocol

/// One caller's part of a group of writes. It is valid only within the body that it is given to.
///
/// It also reads, and sees what it wrote. Every method that changes a state appends the state change that tells of it.
package struct Transaction: StateReading {
    let database: Database
    let memory: NIOLockedValueBox<WriterMemory>
    /// The time of this write.
    package let now: Timestamp

    package var reader: Reader { Reader(database: database) }

    /// A new UUIDv7, greater than every one before it.
    package func newID() -> String {
        memory.withLockedValue { $0.ids.next(at: now) }
    }

    /// Those who listen are woken when this is committed.
    func tell(_ topic: Signals.Topic) {
        memory.withLockedValue { _ = $0.topics.insert(topic) }
    }

    /// Keeps a text under a name of the caller's; `nil` removes it.
    package func setMeta(_ key: String, _ value: String?) throws {
        if let value {
            try database.run("INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)", [.text(key), .text(value)])
        } else {
            try database.run("DELETE FROM meta WHERE key = ?", [.text(key)])
        }
    }
}
