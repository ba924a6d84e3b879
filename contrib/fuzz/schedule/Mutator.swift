/// Makes inputs from others: bytes changed, put in, taken out, copied from one to another. What was taken as a schedule
/// is kept and mutated further.
struct Mutator {
    private static let alphabet = Array("0123456789*?/,-LWHh#@ :+TZ().=\n\tSUNMONDECFEBGMTrateatdms<>J".utf8)
    private static let most = 5000

    private var generator: Generator
    private var corpus: [[UInt8]]

    init(seed: UInt64, corpus: [[UInt8]]) {
        generator = Generator(seed: seed)
        self.corpus = corpus
    }

    /// - Parameter isTaken: tries an input, and says whether it is worth keeping.
    mutating func withNext(_ isTaken: ([UInt8]) -> Bool) -> Bool {
        var input = corpus[pick(corpus.count)]
        for _ in 0...pick(4) { mutate(&input) }
        guard isTaken(input) else { return false }
        if corpus.count < Self.most { corpus.append(input) } else { corpus[pick(corpus.count)] = input }
        return true
    }

    private mutating func pick(_ count: Int) -> Int { Int(generator.next() % UInt64(max(1, count))) }

    private mutating func mutate(_ input: inout [UInt8]) {
        let place = pick(input.count + 1)
        let letter = Self.alphabet[pick(Self.alphabet.count)]
        switch pick(6) {
        case 0: input.insert(letter, at: place)
        case 1: if place < input.count { input[place] = letter }
        case 2: if place < input.count { input.removeSubrange(place..<min(input.count, place + 1 + pick(4))) }
        case 3: if place < input.count { input[place] = UInt8(truncatingIfNeeded: generator.next()) }
        case 4:
            let other = corpus[pick(corpus.count)]
            let start = pick(other.count)
            input.insert(contentsOf: other[start..<min(other.count, start + 1 + pick(24))], at: place)
        default:
            // Whole lines change places: another zone, other times.
            let other = corpus[pick(corpus.count)].split(separator: 10, omittingEmptySubsequences: false)
            var lines = input.split(separator: 10, omittingEmptySubsequences: false).map(Array.init)
            let line = pick(other.count)
            guard line < other.count else { return }
            while lines.count <= line { lines.append([]) }
            lines[line] = Array(other[line])
            input = Array(lines.joined(separator: [10]))
        }
        if input.count > 2000 { input.removeLast(input.count - 2000) }
    }
}
