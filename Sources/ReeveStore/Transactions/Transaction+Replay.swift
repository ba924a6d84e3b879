import GRDB
package import ReeveProtocol

/// What of the journal an endpoint is to get again.
package struct ReplayOrder: Sendable, Hashable {
    /// Only what comes after this number.
    package var after: Int64
    /// Only up to this number; `nil`: up to where the endpoint is.
    package var through: Int64?
    /// Only of this lane.
    package var lane: Lane?

    package init(after: Int64, through: Int64? = nil, lane: Lane? = nil) {
        self.after = after
        self.through = through
        self.lane = lane
    }
}

extension Transaction {
    /// Lanes that one replay may take back one by one.
    package static let replayedLanes = 1000

    /// Takes an endpoint back, so that it gets again what it had got; what is new waits behind that, lane by lane.
    ///
    /// Without a lane and an end the cursor goes back, if it is beyond what is asked for; else each lane concerned gets a
    /// position of its own. Its sender starts anew. Throws `notFound`, and `limit` where more than ``replayedLanes`` lanes
    /// would have to be taken back one by one. Answers how many changes it gets again, whatever its filter says.
    package func replay(_ name: String, _ order: ReplayOrder) throws -> Int {
        let endpoint = try existingEndpoint(name)
        let taken = TakenBack(endpoint, try positions(name))
        let count =
            if order.lane == nil, order.through == nil, order.after < endpoint.cursor {
                try takeBackCursor(of: endpoint, after: order.after, taken)
            } else {
                try takeBackLanes(of: endpoint, order, taken)
            }
        if count > 0 { try begin(name) }
        return count
    }

    /// The endpoint is another one for whoever sends to it.
    func begin(_ endpoint: String) throws {
        try database.run("UPDATE endpoints SET epoch = epoch + 1 WHERE name = ?", [.text(endpoint)])
        tell(.endpoints)
    }

    private func takeBackLanes(of endpoint: StoredEndpoint, _ order: ReplayOrder, _ taken: TakenBack) throws -> Int {
        let lanes = try lanes(of: order, taken)
        guard lanes.count <= Self.replayedLanes else {
            throw StoreError(
                .limit,
                "more than \(Self.replayedLanes) lanes have changes there: name one of them, or leave the end open"
            )
        }
        return try lanes.reduce(0) { sum, lane in
            let done = taken.done(lane)
            let count = try count(of: lane, after: order.after, through: min(done, order.through ?? done))
            guard count > 0 else { return sum }
            let until = order.through.flatMap { taken.until(lane, at: $0) }
            try set(endpoint.name, lane, min(order.after, taken.position(lane)), done, until)
            return sum + count
        }
    }

    private func takeBackCursor(of endpoint: StoredEndpoint, after: Int64, _ taken: TakenBack) throws -> Int {
        let cursor = max(0, after)
        let sql = "SELECT count(*) FROM journal WHERE sequence > ? AND sequence <= ?"
        var count = Int(try database.number(sql, [.integer(cursor), .integer(endpoint.cursor)]) ?? 0)
        for (lane, position) in taken.positions {
            let done = taken.done(lane)
            // What it has not got is nothing that it gets again; what it got ahead of the cursor is.
            count -= try self.count(of: lane, after: max(cursor, done), through: endpoint.cursor)
            count += try self.count(of: lane, after: endpoint.cursor, through: done)
            try set(endpoint.name, lane, min(position.done, cursor), done, nil)
        }
        let move = """
            UPDATE endpoints SET cursor = ?2, replayThrough = max(cursor, ifnull(replayThrough, 0)) WHERE name = ?1
            """
        try database.run(move, [.text(endpoint.name), .integer(cursor)])
        return count
    }

    private func set(_ name: String, _ lane: Lane, _ position: Int64, _ done: Int64, _ until: Int64?) throws {
        try database.run(
            """
            INSERT INTO positions (endpoint, lane, sequence, replayThrough, replayUntil) VALUES (?1, ?2, ?3, ?4, ?5)
            ON CONFLICT (endpoint, lane) DO UPDATE SET sequence = ?3, replayThrough = ?4, replayUntil = ?5
            """,
            [.text(name), .lane(lane), .integer(position), .integer(done), .integer(until)]
        )
    }

    /// Beyond the cursor only lanes that came ahead of it have got anything.
    private func lanes(of order: ReplayOrder, _ taken: TakenBack) throws -> [Lane] {
        if let lane = order.lane { return [lane] }
        guard let through = order.through else { return taken.positions.keys.filter { taken.done($0) > order.after } }
        return try database.all(
            "SELECT DISTINCT lane FROM journal WHERE sequence > ? AND sequence <= ? LIMIT \(Self.replayedLanes + 1)",
            [.integer(order.after), .integer(through)]
        ) { Lane(name: $0[0]) }
    }

    private func count(of lane: Lane, after: Int64, through: Int64) throws -> Int {
        let sql = "SELECT count(*) FROM journal WHERE lane = ? AND sequence > ? AND sequence <= ?"
        return Int(try database.number(sql, [.lane(lane), .integer(after), .integer(through)]) ?? 0)
    }
}

/// How far an endpoint had come in each lane, before it is taken back; it may be on a replay already.
private struct TakenBack {
    var positions: [Lane: LanePosition]
    private let cursor: Int64
    /// That of all lanes that have none of their own.
    private let replay: Replay?

    init(_ endpoint: StoredEndpoint, _ positions: [Lane: LanePosition]) {
        cursor = endpoint.cursor
        replay = endpoint.replayThrough.map { Replay(through: $0) }
        self.positions = positions
    }

    func position(_ lane: Lane) -> Int64 { positions[lane]?.done ?? cursor }

    private func replay(_ lane: Lane) -> Replay? { positions[lane]?.replay ?? replay }

    /// Everything of the lane up to here was done once.
    func done(_ lane: Lane) -> Int64 { max(position(lane), replay(lane)?.through ?? 0) }

    /// Where what is asked for ends, with what a replay under way was asked for and has not done.
    func until(_ lane: Lane, at end: Int64) -> Int64? {
        guard let replay = replay(lane), position(lane) < replay.through else { return end }
        return replay.until.map { max($0, end) }
    }
}
