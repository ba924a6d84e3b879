import JSON
import ReeveProtocol

/// What is due, as a picture in text or as lines.
struct TimelinePage {
    private struct Row {
        var task: String
        var counts: [Int]
        var count: Int
        var times: [String]
        var note: String
        /// Until when it is skipped; `nil`: it is not paused.
        var pausedUntil: Timestamp?
    }

    private let rows: [Row]
    /// Where each column begins, and the end.
    private let starts: [Timestamp]
    /// The same as clocks show it, in seconds since their 1970.
    private let localStarts: [Int64]

    private static let widestName = 24
    /// The lengths of time that a column may stand for, in seconds.
    private static let lengths: [Int64] = [
        1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1200, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400, 172_800,
        604_800, 1_209_600, 2_592_000,
    ]
    /// The distances at which the scale may have marks.
    private static let steps: [Int64] = [
        1, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 14_400, 21_600, 28_800, 43_200, 86_400,
        172_800,
        604_800, 1_209_600, 2_592_000, 5_184_000,
    ]

    /// - Parameter answer: of `schedule.timeline`.
    init(_ answer: JSON, _ times: TimeText) {
        let scale = answer["scale"]?.array ?? []
        starts = scale.compactMap { $0["time"]?.string.flatMap { Timestamp($0) } }
        localStarts = scale.compactMap { $0["local"]?.string.flatMap(Self.localSecond) }
        rows = (answer["tasks"]?.array ?? []).map { row in
            let paused = row["paused"]?.object == nil ? nil : row["paused"]
            let until = paused?["until"]?.string.flatMap { Timestamp($0) }
            let due = times.distance(row, "next") ?? row["scheduleText"]?.string ?? ""
            let pause = paused.map { "paused" + (times.remaining($0, "until").map { " for \($0)" } ?? "") }
            return Row(
                task: row["task"]?.string ?? "?",
                counts: (row["counts"]?.array ?? []).map { $0.integer ?? 0 },
                count: row["count"]?.integer ?? 0,
                times: (row["times"]?.array ?? []).compactMap(\.string),
                note: Table.clean(pause ?? due),
                pausedUntil: paused.map { _ in until ?? Timestamp(milliseconds: .max) }
            )
        }
    }

    var isEmpty: Bool { rows.isEmpty }

    /// The second of a local time, as if it were UTC.
    private static func localSecond(_ text: String) -> Int64? {
        Timestamp(text.prefix(19) + "Z").map { $0.milliseconds / 1000 }
    }

    // MARK: Lines

    /// For a pipe: time, task, and whether it is skipped, by time.
    var lines: String {
        let entries = rows.flatMap { row in
            row.times.map { time in
                let isSkipped = row.pausedUntil.flatMap { until in Timestamp(time).map { $0 < until } } ?? false
                return (time: time, line: "\(time)\t\(row.task)\t\(isSkipped ? "paused" : "-")\n")
            }
        }
        return entries.sorted { ($0.time, $0.line) < ($1.time, $1.line) }.map(\.line).joined()
    }

    /// What of the times is not among ``lines``.
    var omissions: [String] {
        let cut = rows.filter { $0.times.count < $0.count }
        let lines = cut.prefix(3).map { row in
            "\(row.task): only the first \(row.times.count) of \(row.count) times"
        }
        let rest = cut.count - lines.count
        return lines + (rest > 0 ? ["and so of \(rest.counted("more task", "more tasks"))"] : [])
    }

    // MARK: Picture

    private var nameWidth: Int { min(Self.widestName, rows.map(\.task.count).max() ?? 0) }

    /// What a column is to stand for, so that all fits.
    func cell(of length: Interval, width: Int) -> Interval {
        let notes = rows.map(\.note.count).max() ?? 0
        let room = Int64(max(12, width - nameWidth - 2 - notes - 2))
        let seconds = max(1, (length.milliseconds + 999) / 1000)
        let fitting = Self.lengths.first { ($0 * room) >= seconds && seconds / $0 <= 900 }
        return .seconds(fitting ?? Self.lengths[Self.lengths.count - 1])
    }

    func picture(cell: Interval, styled: Bool) -> String {
        let indent = String(repeating: " ", count: nameWidth + 2)
        var used: Set<Character> = []
        let lines = rows.map { row in
            let name = Style.strong.applied(to: Table.cut(row.task, nameWidth), styled)
            let blanks = String(repeating: " ", count: nameWidth + 2 - min(nameWidth, row.task.count))
            let marks = marks(row)
            used.formUnion(marks)
            // A pause ends once: what is skipped is at the beginning.
            let skipped = marks.lastIndex(of: "x").map { $0 + 1 } ?? 0
            let drawn = Style.caution.applied(to: String(marks[..<skipped]), styled) + String(marks[skipped...])
            return name + blanks + drawn + "  " + Style.faint.applied(to: row.note, styled)
        }
        let head = Style.faint.applied(to: indent + scale, styled)
        let foot = Style.faint.applied(to: legend(used, cell), styled)
        return ([head] + lines + [foot]).joined(separator: "\n")
    }

    private func marks(_ row: Row) -> [Character] {
        zip(row.counts, starts).map { count, start in
            guard count > 0 else { return " " }
            if let until = row.pausedUntil, start < until { return "x" }
            return Self.mark(count)
        }
    }

    private static func mark(_ count: Int) -> Character {
        switch count {
        case 1: "·"
        case 2: ":"
        case ..<10: "▪"
        default: "█"
        }
    }

    private func legend(_ used: Set<Character>, _ cell: Interval) -> String {
        let words: [(Character, String)] = [
            ("·", "once"), (":", "twice"), ("▪", "up to 9 times"), ("█", "10 times or more"), ("x", "skipped: paused"),
        ]
        return ("a column is \(cell)" + words.filter { used.contains($0.0) }.map { ", \($0) \($1)" }.joined())
    }

    /// The times above the columns: each at the column in which it falls.
    private var scale: String {
        let columns = localStarts.count - 1
        guard columns > 0 else { return "" }
        let length = max(1, (localStarts[columns] - localStarts[0]) / Int64(columns))
        // A label and a blank before the next.
        let step = Self.steps.first { $0 / length >= ($0 < 60 ? 11 : 8) } ?? Self.steps[Self.steps.count - 1]
        var line: [Character] = []
        for column in 0..<columns {
            guard let second = Self.multiple(of: step, from: localStarts[column], before: localStarts[column + 1])
            else { continue }
            let label = Self.label(second, step)
            // Not over the one before, and not beyond the last column.
            guard column == 0 || line.count < column, column + label.count < columns + 8 else { continue }
            line += Array(repeating: " ", count: column - line.count) + Array(label)
        }
        let blanks = line.prefix { $0 == " " }.count
        if blanks >= 5 { line.replaceSubrange(0..<4, with: "|now") }
        return String(line)
    }

    /// The last multiple of `step` in that range.
    private static func multiple(of step: Int64, from start: Int64, before end: Int64) -> Int64? {
        guard end > start else { return nil }
        let last = (end - 1).flooredDivision(by: step).quotient * step
        return last >= start ? last : nil
    }

    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]

    /// `|03:00`, and at midnight `|Nov 28`.
    private static func label(_ second: Int64, _ step: Int64) -> String {
        let text = Timestamp(seconds: second).description
        guard second.flooredDivision(by: 86_400).remainder != 0 else {
            let month = Int(text.dropFirst(5).prefix(2)).map { months[$0 - 1] } ?? ""
            return "|\(month) \(text.dropFirst(8).prefix(2))"
        }
        return "|" + text.dropFirst(11).prefix(step < 60 ? 8 : 5)
    }
}
