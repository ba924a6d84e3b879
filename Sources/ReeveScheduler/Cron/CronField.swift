/// One of the fields of a cron expression: what it is called and what may stand in it.
enum CronField: Sendable, Hashable {
    case second, minute, hour, dayOfMonth, month, dayOfWeek, year

    var name: String {
        switch self {
        case .second: "second"
        case .minute: "minute"
        case .hour: "hour"
        case .dayOfMonth: "day of month"
        case .month: "month"
        case .dayOfWeek: "day of week"
        case .year: "year"
        }
    }

    /// What may be written. 7 is Sunday too.
    var written: ClosedRange<Int> {
        switch self {
        case .second, .minute: 0...59
        case .hour: 0...23
        case .dayOfMonth: 1...31
        case .month: 1...12
        case .dayOfWeek: 0...7
        case .year: 1970...2099
        }
    }

    /// What `*` stands for, and where a cycle begins anew.
    var values: ClosedRange<Int> { self == .dayOfWeek ? 0...6 : written }

    /// What makes each field's `H` another.
    var salt: Int64 {
        switch self {
        case .second: 1
        case .minute: 2
        case .hour: 3
        case .dayOfMonth: 4
        case .month: 5
        case .dayOfWeek: 6
        case .year: 7
        }
    }

    var longestStep: Int { self == .year ? 129 : written.upperBound }

    /// A range whose end is before its beginning goes on from the beginning of the next cycle; years have none.
    var isCyclic: Bool { self != .year }

    /// The words that may stand for numbers, from the first value on.
    var words: [String] {
        switch self {
        case .month:
            [
                "JANUARY", "FEBRUARY", "MARCH", "APRIL", "MAY", "JUNE", "JULY", "AUGUST", "SEPTEMBER", "OCTOBER",
                "NOVEMBER", "DECEMBER",
            ]
        case .dayOfWeek: ["SUNDAY", "MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY"]
        default: []
        }
    }

    /// What an error message says may stand here: "0–23", "1–12 or JAN–DEC".
    var expected: String {
        switch self {
        case .month: "1–12 or JAN–DEC"
        case .dayOfWeek: "0–7 or SUN–SAT (0 and 7 are Sunday)"
        default: "\(written.lowerBound)–\(written.upperBound)"
        }
    }

    /// The number that a word in capitals stands for: the whole word or its first three letters.
    func number(ofWord word: some StringProtocol) -> Int? {
        words.firstIndex { $0 == word || $0.prefix(3) == word }.map { $0 + values.lowerBound }
    }
}
