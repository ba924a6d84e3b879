import ReeveProtocol

/// What was read of the journal behind the cursor, in order, and what of it is done.
///
/// The cursor moves up to the first change that is neither done nor left to a laggard.
struct DeliveryWindow: Sendable {
    private struct Entry {
        var sequence: Int64
        var lane: Lane
        /// What it costs in memory; 0 once nothing of it is kept.
        var weight: Int
        var isPassed: Bool
    }

    private var entries: ArraySlice<Entry> = []
    /// Everything up to here is done, or waits in a lane with a position of its own.
    private(set) var cursor: Int64
    /// The last journal number that was read.
    private(set) var readThrough: Int64
    private(set) var weight = 0

    init(cursor: Int64) {
        self.cursor = cursor
        readThrough = cursor
    }

    var count: Int { entries.count }
    /// The lane that keeps the cursor where it is.
    var firstLane: Lane? { entries.first?.lane }

    mutating func append(_ sequence: Int64, lane: Lane, weight: Int) {
        readThrough = sequence
        self.weight += weight
        entries.append(Entry(sequence: sequence, lane: lane, weight: weight, isPassed: weight == 0))
    }

    /// The change is done, or left to its lane's own position.
    mutating func pass(_ sequence: Int64) {
        guard let index = index(of: sequence), !entries[index].isPassed else { return }
        weight -= entries[index].weight
        entries[index].weight = 0
        entries[index].isPassed = true
    }

    /// Moves the cursor as far as it goes; answers the lanes of what it passed.
    mutating func advance() -> [Lane] {
        var lanes: [Lane] = []
        while let first = entries.first, first.isPassed {
            lanes.append(first.lane)
            cursor = first.sequence
            entries.removeFirst()
        }
        if entries.isEmpty {
            entries = []
            cursor = readThrough
        }
        return lanes
    }

    private func index(of sequence: Int64) -> Int? {
        var (low, high) = (entries.startIndex, entries.endIndex)
        while low < high {
            let middle = (low + high) / 2
            if entries[middle].sequence < sequence { low = middle + 1 } else { high = middle }
        }
        return low < entries.endIndex && entries[low].sequence == sequence ? low : nil
    }
}
