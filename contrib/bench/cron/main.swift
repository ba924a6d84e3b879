import Glibc
import ReeveProtocol
import ReeveScheduler

/// Times `Schedule.next(after:)`: from a fixed time on, so many times of each expression of a set.
///
/// Arguments: the file with the set, how many times of each expression, how many rounds. Prints `next` and the median
/// over the rounds of times per second, `parse` and the same for reading an expression and its first time, then for each
/// expression the hash of its times and the last of them.
struct Bench {
    struct Line {
        var zone: Zone
        var text: String
    }

    static let zones = ZoneDatabase()

    let lines: [Line]
    let count: Int
    /// 2026-01-01T00:00:00Z
    let start = Timestamp(seconds: 1_767_225_600)
    /// 2099-12-30T00:00:00Z: both sides end before the last year is over anywhere.
    let end = Timestamp(seconds: 4_102_272_000)

    init(_ text: String, count: Int) throws {
        lines = try text.split(separator: "\n").filter { !$0.hasPrefix("#") && !$0.hasPrefix("~") }.map { line in
            let parts = line.split(separator: "\t")
            guard parts.count == 2 else { throw Wrong(what: "\"\(line)\" is not ZONE, a tab, EXPRESSION") }
            return Line(zone: try Self.zones.zone(named: String(parts[0])), text: String(parts[1]))
        }
        self.count = count
    }

    private func schedule(_ line: Line) throws -> Schedule {
        try Schedule(text: line.text, hostZone: line.zone, zones: Self.zones)
    }

    /// All times of an expression, in seconds since 1970.
    func times(_ schedule: Schedule) -> [Int64] {
        var times: [Int64] = []
        times.reserveCapacity(count)
        var time = start
        while times.count < count, let next = schedule.next(after: time, anchor: start), next < end {
            times.append(next.milliseconds / 1000)
            time = next
        }
        return times
    }

    func nextPerSecond() throws -> Double {
        let schedules = try lines.map(schedule)
        var total = 0
        let time = ContinuousClock().measure { for schedule in schedules { total += times(schedule).count } }
        return Double(total) / (time / .seconds(1))
    }

    func parsedPerSecond() throws -> Double {
        let repeats = max(1, count / 10)
        let time = try ContinuousClock().measure {
            for _ in 0..<repeats {
                for line in lines {
                    guard try schedule(line).next(after: start, anchor: start) != nil else {
                        throw Wrong(what: "\"\(line.text)\" is never due")
                    }
                }
            }
        }
        return Double(repeats * lines.count) / (time / .seconds(1))
    }

    /// What the other side must find as well: each time counts, and its place.
    func hashes() throws -> [String] {
        try lines.map { line in
            let times = times(try schedule(line))
            let hash = times.reduce(UInt64(times.count)) { ($0 &* 1_000_003 &+ UInt64(bitPattern: $1)) % 2_147_483_647 }
            return "\(hash) \(times.last ?? 0)"
        }
    }
}

struct Wrong: Error {
    let what: String
}

func median(_ numbers: [Double]) -> Double { numbers.sorted()[numbers.count / 2] }

func text(of path: String) throws -> String {
    guard let file = fopen(path, "re") else { throw Wrong(what: "cannot open \(path)") }
    defer { fclose(file) }
    var bytes: [UInt8] = []
    while true {
        let byte = fgetc(file)
        guard byte != EOF else { return String(decoding: bytes, as: UTF8.self) }
        bytes.append(UInt8(truncatingIfNeeded: byte))
    }
}

func run(_ path: String, count: Int, rounds: Int) throws {
    let bench = try Bench(text(of: path), count: count)
    print("next \(median(try (0..<rounds).map { _ in try bench.nextPerSecond() }))")
    print("parse \(median(try (0..<rounds).map { _ in try bench.parsedPerSecond() }))")
    for hash in try bench.hashes() { print(hash) }
}

let arguments = Array(CommandLine.arguments.dropFirst())
guard let path = arguments.first else { throw Wrong(what: "cron-bench SET COUNT ROUNDS") }
let numbers = arguments.dropFirst().compactMap { Int($0) }
try run(path, count: numbers.first ?? 1000, rounds: max(1, numbers.dropFirst().first ?? 1))
