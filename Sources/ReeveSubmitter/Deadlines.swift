import ReeveProtocol

/// The times for which lanes wait, earliest first: a binary heap.
///
/// Nothing is removed early. Each entry has the lane's mark of when it was made, and the lane says whether it still holds.
struct Deadlines: Sendable {
    struct Entry: Sendable {
        var time: Duration
        var lane: Lane
        var mark: Int
    }

    private var heap: [Entry] = []

    var first: Entry? { heap.first }
    var count: Int { heap.count }

    mutating func insert(_ entry: Entry) {
        heap.append(entry)
        var child = heap.count - 1
        while child > 0 {
            let parent = (child - 1) / 2
            guard heap[child].time < heap[parent].time else { return }
            heap.swapAt(child, parent)
            child = parent
        }
    }

    mutating func removeFirst() -> Entry? {
        guard let first = heap.first else { return nil }
        let last = heap.removeLast()
        guard !heap.isEmpty else { return first }
        heap[0] = last
        var parent = 0
        while true {
            var least = parent
            for child in [2 * parent + 1, 2 * parent + 2]
            where child < heap.count && heap[child].time < heap[least].time {
                least = child
            }
            guard least != parent else { return first }
            heap.swapAt(least, parent)
            parent = least
        }
    }

    /// Keeps only what still holds.
    mutating func keep(_ holds: (Entry) -> Bool) {
        let kept = heap.filter(holds)
        heap = []
        for entry in kept { insert(entry) }
    }
}
