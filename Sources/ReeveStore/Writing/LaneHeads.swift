import ReeveProtocol

/// The last number of each lane that was used lately, so that a change's `previous` seldom costs a query.
///
/// What a transaction did to it can be undone, wholly or from a mark on: it never tells of what was rolled back.
struct LaneHeads {
    /// `.some(nil)`: it is known that the journal has nothing of the lane.
    private var heads: [String: Int64?] = [:]
    /// What stood there before each change since the last commit, oldest first.
    private var undo: [(lane: String, before: Int64??)] = []
    private let limit: Int

    init(limit: Int = 4096) {
        self.limit = limit
    }

    /// A place to go back to.
    var mark: Int { undo.count }

    /// The lane's last number; the outer `nil` if it has to be looked up.
    subscript(lane: Lane) -> Int64?? { heads[lane.name] }

    mutating func set(_ lane: Lane, to sequence: Int64?) {
        undo.append((lane.name, heads.updateValue(sequence, forKey: lane.name)))
    }

    mutating func rollBack(to mark: Int) {
        while undo.count > mark {
            let (lane, before) = undo.removeLast()
            heads[lane] = before
        }
    }

    /// The transaction is committed: what it did stays.
    mutating func commit() {
        undo.removeAll(keepingCapacity: undo.count < limit)
        // Forgetting costs a query per lane later; keeping all would grow with the number of lanes.
        if heads.count > limit { heads.removeAll() }
    }
}
