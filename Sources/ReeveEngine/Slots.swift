/// Values under small numbers that are used again once they are free.
struct Slots<Element: Sendable>: Sendable {
    /// A free slot keeps its last value, so that the values lie side by side and can be read in place.
    private var elements: [Element] = []
    private var isUsed: [Bool] = []
    private var free: [Int] = []

    /// The number that ``insert(_:)`` will give next.
    var next: Int { free.last ?? elements.count }

    /// The numbers in use, in order.
    var indices: [Int] { elements.indices.filter { isUsed[$0] } }

    mutating func insert(_ element: Element) -> Int {
        guard let index = free.popLast() else {
            elements.append(element)
            isUsed.append(true)
            return elements.count - 1
        }
        elements[index] = element
        isUsed[index] = true
        return index
    }

    mutating func remove(_ index: Int) {
        isUsed[index] = false
        free.append(index)
    }

    func contains(_ index: Int) -> Bool {
        isUsed.indices.contains(index) && isUsed[index]
    }

    /// The element under a number that is in use: numbers are only passed on while they are.
    subscript(index: Int) -> Element {
        _read { yield elements[index] }
        _modify { yield &elements[index] }
    }
}
