import ReeveProtocol
import ReeveScheduler

/// One input of the fuzz target, read: a schedule, the zone it is read in, and times to ask it about.
///
/// Lines, all but the first of which may be missing: the schedule's text (after `cron=` or `at=`: as that key of a
/// task); the host's zone, a name or a rule such as `TZ` may hold; milliseconds since 1970, with blanks between, the
/// first of them the anchor; from; until; the zone that the schedule names.
struct Case {
    var definition: ScheduleDefinition
    var hostZone: String
    var times: [Int64]

    init(_ bytes: some Collection<UInt8>) {
        let text = String(decoding: bytes, as: UTF8.self)
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        func line(_ index: Int) -> String? {
            index < lines.count && !lines[index].isEmpty ? lines[index] : nil
        }
        let schedule = line(0) ?? ""
        if schedule.hasPrefix("cron=") {
            definition = ScheduleDefinition(.cron(String(schedule.dropFirst(5))))
        } else if schedule.hasPrefix("at=") {
            definition = ScheduleDefinition(.at(String(schedule.dropFirst(3))))
        } else {
            definition = ScheduleDefinition(.text(schedule))
        }
        hostZone = line(1) ?? "UTC"
        times = (line(2) ?? "").split(separator: " ").prefix(4).compactMap { Int64($0) }
        definition.from = line(3)
        definition.until = line(4)
        definition.timeZone = line(5)
        var generator = Generator(seed: text.utf8.reduce(7) { ($0 ^ UInt64($1)) &* 1_099_511_628_211 })
        if times.isEmpty { times.append(generator.number(in: 0...4_102_444_800_000)) }
        times += (0..<3).map { _ in generator.number(in: 0...4_102_444_800_000) }
        times.append(generator.number(in: Int64.min...Int64.max))
        times.append(generator.number(in: 0...1) == 0 ? .min : .max)
    }
}

/// SplitMix64: the same numbers for the same input each time.
struct Generator {
    private var state: UInt64

    init(seed: UInt64) {
        state = seed
    }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ value >> 30) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ value >> 27) &* 0x94D0_49BB_1331_11EB
        return value ^ value >> 31
    }

    mutating func number(in range: ClosedRange<Int64>) -> Int64 {
        let width = UInt64(bitPattern: range.upperBound &- range.lowerBound)
        return range.lowerBound &+ Int64(truncatingIfNeeded: width == .max ? next() : next() % (width + 1))
    }
}
