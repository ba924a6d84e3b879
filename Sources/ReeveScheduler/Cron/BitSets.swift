extension UInt64 {
    /// The set of these small numbers; those outside of 0 to 63 are left out.
    init(bits numbers: some Sequence<Int>) {
        self = numbers.reduce(0) { (0...63).contains($1) ? $0 | 1 << UInt64($1) : $0 }
    }

    func has(_ number: Int64) -> Bool {
        (0...63).contains(number) && self >> UInt64(number) & 1 == 1
    }

    /// The smallest number of the set that is at least `number`, which is not negative.
    func first(from number: Int64) -> Int64? {
        guard number < 64 else { return nil }
        let rest = self & (UInt64.max << UInt64(number))
        return rest == 0 ? nil : Int64(rest.trailingZeroBitCount)
    }

    /// The largest number of the set that is at most `number`.
    func last(upTo number: Int64) -> Int64? {
        guard number >= 0 else { return nil }
        let rest = number >= 63 ? self : self & ((1 << UInt64(number + 1)) - 1)
        return rest == 0 ? nil : Int64(63 - rest.leadingZeroBitCount)
    }

    /// How many numbers of the set are below `number`.
    func count(below number: Int64) -> Int64 {
        guard number > 0 else { return 0 }
        return Int64((number > 63 ? self : self & ((1 << UInt64(number)) - 1)).nonzeroBitCount)
    }

    var numbers: [Int] {
        (0...63).filter { self >> UInt64($0) & 1 == 1 }
    }
}

/// A set of years from 1970 to 2099.
struct YearSet: Sendable, Hashable {
    private var words = SIMD4<UInt64>()

    static let range: ClosedRange<Int64> = 1970...2099

    static let all = YearSet(range.map(Int.init))

    init(_ years: some Sequence<Int>) {
        for year in years where Self.range.contains(Int64(year)) {
            words[(year - 1970) / 64] |= 1 << UInt64((year - 1970) % 64)
        }
    }

    func has(_ year: Int64) -> Bool {
        Self.range.contains(year) && words[Int(year - 1970) / 64] >> UInt64((year - 1970) % 64) & 1 == 1
    }

    func first(from year: Int64) -> Int64? {
        var year = max(year, Self.range.lowerBound)
        while year <= Self.range.upperBound {
            if has(year) { return year }
            year += 1
        }
        return nil
    }

    func last(upTo year: Int64) -> Int64? {
        var year = min(year, Self.range.upperBound)
        while year >= Self.range.lowerBound {
            if has(year) { return year }
            year -= 1
        }
        return nil
    }

    var years: [Int] { Self.range.filter(has).map(Int.init) }
}
