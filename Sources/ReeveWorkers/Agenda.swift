/// What is to happen at which time.
struct Agenda<Item> {
    /// The place of an item, by its time; of two with the same time the one that was named first comes first.
    struct Key: Comparable, Sendable {
        /// The time since any fixed moment.
        let time: Duration
        fileprivate let number: UInt64

        static func < (left: Key, right: Key) -> Bool {
            (left.time, left.number) < (right.time, right.number)
        }
    }

    /// The latest first: most of what is added is soon to happen, or soon taken back.
    private var entries: [(key: Key, item: Item)] = []
    private var lastNumber: UInt64 = 0

    var count: Int { entries.count }

    /// When the next one is to happen.
    var next: Duration? { entries.last?.key.time }

    /// Names an item that is not there yet, so that it can be taken back by somebody who does not wait for its place.
    mutating func key(for time: Duration) -> Key {
        lastNumber += 1
        return Key(time: time, number: lastNumber)
    }

    mutating func add(_ item: Item, as key: Key) {
        entries.insert((key, item), at: place(of: key))
    }

    /// `nil`: it is not there, or not any more.
    mutating func remove(_ key: Key) -> Item? {
        let place = place(of: key)
        guard place < entries.count, entries[place].key == key else { return nil }
        return entries.remove(at: place).item
    }

    /// Takes out all whose time has come, in its order.
    mutating func due(at time: Duration) -> [Item] {
        var items: [Item] = []
        while let last = entries.last, last.key.time <= time {
            items.append(last.item)
            entries.removeLast()
        }
        return items
    }

    /// Of the first entry that is not later than `key`.
    private func place(of key: Key) -> Int {
        var (low, high) = (0, entries.count)
        while low < high {
            let middle = (low + high) / 2
            if entries[middle].key > key { low = middle + 1 } else { high = middle }
        }
        return low
    }
}

extension Agenda: Sendable where Item: Sendable {}
