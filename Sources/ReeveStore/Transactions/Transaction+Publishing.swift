import GRDB
import JSON
package import ReeveProtocol

extension Transaction {
    /// Appends events that a client published, all or none.
    ///
    /// An event without a source gets `source`. One whose source and id the journal has already, with the same content,
    /// is answered as a duplicate; with other content it is a ``StoreError`` `conflict` that names its index. Contents
    /// are the same when type, subject, time (as given) and data are; members of objects may stand in any order.
    package func publish(
        _ events: [PublishedEvent],
        source: String = ""
    ) throws -> [PublishReceipt] {
        var receipts: [PublishReceipt] = []
        receipts.reserveCapacity(events.count)
        for (index, event) in events.enumerated() {
            receipts.append(try publish(event, source: event.source ?? source, index))
        }
        return receipts
    }

    private func publish(_ event: PublishedEvent, source: String, _ index: Int) throws -> PublishReceipt {
        let id = newID()
        let lane = event.lane
        let previous = try lastSequence(of: lane)
        try database.run(
            """
            INSERT INTO journal (id, lane, previous, type, source, publisherID, subject, time, timeGiven, data)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            ON CONFLICT (source, publisherID) WHERE publisherID IS NOT NULL DO NOTHING
            """,
            [
                .text(id), .lane(lane), .integer(previous), .text(event.type), .text(source), .text(event.id),
                .text(event.subject), .time(event.time ?? now), (event.time == nil ? 0 : 1).databaseValue,
                .json(event.data),
            ]
        )
        guard database.changesCount > 0 else { return try duplicate(event, source: source, index) }
        let sequence = database.lastInsertedRowID
        appended(sequence, head: sequence, of: lane)
        return PublishReceipt(id: id, sequence: sequence, duplicate: false)
    }

    private func duplicate(_ event: PublishedEvent, source: String, _ index: Int) throws -> PublishReceipt {
        let found = try database.first(
            """
            SELECT sequence, id, type, subject, CASE timeGiven WHEN 1 THEN time END, data
            FROM journal WHERE source = ? AND publisherID = ?
            """,
            [.text(source), .text(event.id)]
        ) { row in
            let data = try row.json(5)
            let isSame =
                row[2] == event.type && row[3] as String? == event.subject && row.time(4) == event.time
                && data?.canonical() == event.data?.canonical()
            return (receipt: PublishReceipt(id: row[1], sequence: row[0], duplicate: true), isSame: isSame)
        }
        guard let found, found.isSame else {
            throw StoreError(
                .conflict(StoreError.Conflict(index: index)),
                "an event with id \"\(event.id ?? "")\" from \(source) is in the journal with other content"
            )
        }
        return found.receipt
    }
}
