/// Times to wake up at, earliest first: a binary heap. A deadline is dropped by forgetting its ticket.
struct Deadlines: Sendable {
    struct Entry: Sendable {
        let time: Duration
        let ticket: UInt64
        let node: Int
    }

    private var heap: [Entry] = []

    var count: Int { heap.count }
    var first: Entry? { heap.first }

    mutating func insert(_ entry: Entry) {
        heap.append(entry)
        rise(heap.count - 1)
    }

    mutating func removeFirst() {
        heap.swapAt(0, heap.count - 1)
        heap.removeLast()
        sink(0)
    }

    /// Drops what nobody waits for any more.
    mutating func keep(_ isWanted: (Entry) -> Bool) {
        let kept = heap.filter(isWanted)
        heap = []
        for entry in kept { insert(entry) }
    }

    private static func isBefore(_ left: Entry, _ right: Entry) -> Bool {
        left.time != right.time ? left.time < right.time : left.ticket < right.ticket
    }

    private mutating func rise(_ start: Int) {
        var index = start
        while index > 0 {
            let parent = (index - 1) / 2
            guard Self.isBefore(heap[index], heap[parent]) else { return }
            heap.swapAt(index, parent)
            index = parent
        }
    }

    private mutating func sink(_ start: Int) {
        var index = start
        while true {
            var least = index
            for child in [2 * index + 1, 2 * index + 2] where child < heap.count {
                if Self.isBefore(heap[child], heap[least]) { least = child }
            }
            guard least != index else { return }
            heap.swapAt(index, least)
            index = least
        }
    }
}
