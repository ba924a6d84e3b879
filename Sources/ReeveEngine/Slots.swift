/// Values under small numbers that are used again once they are free.
struct Slots<Element: Sendable>: Sendable {
    private var elements: [Element?] = []
    private var free: [Int] = []

    /// The number that ``insert(_:)`` will give next.
    var next: Int { free.last ?? elements.count }

    /// The numbers in use, in order.
    var indices: [Int] { elements.indices.filter { elements[$0] != nil } }

    mutating func insert(_ element: Element) -> Int {
        guard let index = free.popLast() else {
            elements.append(element)
            return elements.count - 1
        }
        elements[index] = element
        return index
    }

    mutating func remove(_ index: Int) {
        elements[index] = nil
        free.append(index)
    }

    func contains(_ index: Int) -> Bool {
        elements.indices.contains(index) && elements[index] != nil
    }

    /// The element under a number that is in use: numbers are only passed on while they are.
    subscript(index: Int) -> Element {
        get { elements[index]! }
        _modify { yield &elements[index]! }
    }
}
