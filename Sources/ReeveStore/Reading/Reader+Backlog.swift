import GRDB
import JSON
package import ReeveProtocol

/// What of the journal an endpoint is meant to get and has not got.
package struct Undelivered: Sendable, Hashable {
    package var count: Int
    /// When the first of it happened.
    package var oldest: Timestamp?

    package init(count: Int, oldest: Timestamp? = nil) {
        self.count = count
        self.oldest = oldest
    }
}

extension StateReading {
    /// Exact: what the filter refuses, what was muted and what is about the endpoint itself is not counted, wherever the
    /// cursor stands, which may be far behind what was only passed over.
    package func undelivered(of endpoint: StoredEndpoint) throws -> Undelivered {
        let filter = endpoint.definition.filter
        let values: [DatabaseValue] = [
            .text(endpoint.name), .integer(endpoint.cursor), UndeliveredQuery.patterns(filter?.types),
            UndeliveredQuery.patterns(filter?.lanes), try .encoded(filter?.labels), try .encoded(filter?.outcomes),
            .integer(filter?.changedOnly == true ? 1 : 0), .integer(filter?.final == true ? 1 : 0),
            try .encoded(endpoint.muting.spans),
        ]
        let most = try database.first(UndeliveredQuery.most, values) { ($0[0] as Int, $0[1] as Int64?) }
        var (count, first) = most ?? (0, nil)
        if let interval = endpoint.definition.progress {
            let due = try database.all(UndeliveredQuery.progress, values) { row -> Int64? in
                // What cannot be read is told to all, as the sender has it.
                let progress = try? row.decoded(1, RunProgress.self)
                return progress?.isDue(every: interval) == false ? nil : row[0]
            }.compactMap(\.self)
            count += due.count
            first = [first, due.min()].compactMap(\.self).min()
        }
        return Undelivered(count: count, oldest: try first.flatMap { try change(sequence: $0) }?.content.time)
    }
}

extension Muting {
    /// All times of it, also the one that is not over; `nil` if there were none.
    fileprivate var spans: [Span]? {
        let spans = past + (present == nil ? [] : [Span(after: after, through: .max)])
        return spans.isEmpty ? nil : spans
    }
}

/// ``EventFilter/takes(_:)`` and the rest of what decides whether an endpoint hears of a change, for many at once: a test
/// holds the two against each other.
private enum UndeliveredQuery {
    /// All but what only says that a run goes on.
    static let most = text("count(*), min(c.sequence)", "NOT \(StateChange.tellsRunGoesOnCondition)")
    /// That: whose turn it is for the endpoint depends on its interval.
    static let progress = text("c.sequence, c.data -> '$.progress'", StateChange.tellsRunGoesOnCondition)

    /// ?1 name, ?2 cursor, ?3 types, ?4 lanes, ?5 labels, ?6 outcomes, ?7 changedOnly, ?8 final, ?9 spans of muting.
    private static func text(_ columns: String, _ condition: String) -> String {
        """
        SELECT \(columns) FROM (
            SELECT j.sequence, j.lane, j.type, j.data FROM journal AS j
            WHERE j.sequence > ?2 AND NOT EXISTS (
                SELECT 1 FROM positions AS p
                WHERE p.endpoint = ?1 AND p.lane = j.lane AND (j.sequence <= p.sequence OR \(isSkipped))
            )
            UNION ALL
            SELECT j.sequence, j.lane, j.type, j.data FROM positions AS p
                JOIN journal AS j ON j.lane = p.lane AND j.sequence > p.sequence AND j.sequence <= ?2
            WHERE p.endpoint = ?1 AND p.sequence < ?2 AND NOT \(isSkipped)
        ) AS c
        WHERE (?3 IS NULL OR EXISTS (SELECT 1 FROM json_each(?3) AS f WHERE c.type GLOB f.value))
            AND (?4 IS NULL OR EXISTS (SELECT 1 FROM json_each(?4) AS f WHERE c.lane GLOB f.value))
            AND (?9 IS NULL OR NOT EXISTS (
                SELECT 1 FROM json_each(?9) AS m
                WHERE c.sequence > m.value ->> 'after' AND c.sequence <= m.value ->> 'through'
            ))
            AND NOT (c.type GLOB '\(EventType.endpoint("*"))' AND c.data ->> '$.endpoint' IS ?1)
            AND (?5 IS NULL OR NOT EXISTS (
                SELECT 1 FROM json_each(?5) AS l WHERE NOT EXISTS (
                    SELECT 1 FROM json_each(c.data, '$.labels') AS h
                    WHERE h.key = l.key AND h.type = 'text' AND h.value = l.value
                )
            ))
            AND (?6 IS NULL OR \(word("outcome")) IN (SELECT value FROM json_each(?6)))
            AND (?7 = 0 OR \(word("outcome")) IS NOT NULL AND \(word("outcome")) IS NOT \(word("previousOutcome")))
            AND (?8 = 0 OR json_type(c.data, '$.run') IS NULL OR \(word("outcome")) IS NOT NULL)
            AND \(condition)
        """
    }

    /// It was done before a replay that did not ask for it.
    private static let isSkipped = "ifnull(j.sequence <= p.replayThrough AND j.sequence > p.replayUntil, FALSE)"

    private static func word(_ member: String) -> String {
        "CASE json_type(c.data, '$.\(member)') WHEN 'text' THEN c.data ->> '$.\(member)' END"
    }

    static func patterns(_ patterns: [String]?) -> DatabaseValue {
        .json(patterns.map { .array($0.map { .string(globPattern($0)) }) })
    }
}
