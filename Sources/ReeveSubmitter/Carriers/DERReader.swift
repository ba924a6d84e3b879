/// The elements of a value in DER, one after the other.
struct DERReader {
    struct Element {
        var tag: UInt8
        var content: ArraySlice<UInt8>

        /// What is inside, of an element that holds others.
        var elements: DERReader { DERReader(content) }
    }

    private var rest: ArraySlice<UInt8>

    init(_ bytes: some Sequence<UInt8>) {
        rest = ArraySlice(bytes)
    }

    /// `nil` at the end, and where what comes is none.
    mutating func next() -> Element? {
        guard let tag = rest.popFirst(), var length = rest.popFirst().map(Int.init) else { return nil }
        if length >= 0x80 {
            let digits = rest.prefix(length - 0x80)
            // None of what is read here is longer than three bytes say.
            guard (1...3).contains(length - 0x80), digits.count == length - 0x80 else { return nil }
            length = digits.reduce(0) { $0 << 8 | Int($1) }
            rest = rest.dropFirst(digits.count)
        }
        guard length <= rest.count else { return nil }
        defer { rest = rest.dropFirst(length) }
        return Element(tag: tag, content: rest.prefix(length))
    }

    /// All that come, up to the first that is none.
    var all: [Element] {
        var (reader, elements) = (self, [Element]())
        while let element = reader.next() { elements.append(element) }
        return elements
    }
}
