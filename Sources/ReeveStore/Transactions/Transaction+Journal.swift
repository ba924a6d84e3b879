import GRDB
import JSON
import NIOConcurrencyHelpers
package import ReeveProtocol

extension Transaction {
    /// Appends a change to the journal.
    ///
    /// - Parameter id: Where the caller has made the change's id already; a new one otherwise.
    @discardableResult
    package func append(
        lane: Lane,
        _ content: StateChange.Content,
        id: String? = nil
    ) throws -> StateChange {
        let id = id ?? newID()
        let previous = try lastSequence(of: lane)
        try database.run(
            """
            INSERT INTO journal (id, lane, previous, type, source, publisherID, subject, time, timeGiven, summary, data)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, 1, ?, ?)
            """,
            [
                .text(id), .lane(lane), .integer(previous), .text(content.type), .text(content.source),
                .text(content.publisherID), .text(content.subject), .time(content.time), .text(content.summary),
                .json(content.data),
            ]
        )
        let sequence = database.lastInsertedRowID
        // What others never get is not what their next one comes after.
        appended(sequence, head: content.tellsRunGoesOn ? previous : sequence, of: lane)
        return StateChange(sequence: sequence, id: id, lane: lane, previous: previous, content: content)
    }

    /// The number of the last change of the lane that is for all, of this transaction or before.
    func lastSequence(of lane: Lane) throws -> Int64? {
        if let known = memory.withLockedValue({ $0.lanes[lane] }) { return known }
        let last = """
            SELECT iif(\(StateChange.tellsRunGoesOnCondition), previous, sequence)
            FROM journal WHERE lane = ? ORDER BY sequence DESC LIMIT 1
            """
        return try database.number(last, [.lane(lane)])
    }

    /// - Parameter head: What the lane's next change comes after.
    func appended(_ sequence: Int64, head: Int64?, of lane: Lane) {
        memory.withLockedValue { memory in
            memory.lanes.set(lane, to: head)
            memory.head = sequence
            memory.topics.insert(.journal)
        }
    }
}
