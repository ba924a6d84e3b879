package import ReeveProtocol

/// What a schedule means, in words, for people who are about to trust it.
package struct ScheduleExplanation: Sendable, Hashable {
    /// One or more sentences: when it is due, in which zone, and what becomes of it when the clocks change.
    package var text: String
    /// What is probably not meant: "fires every second", "never fires".
    package var warnings: [String]
}

extension Schedule {
    /// The schedule in words, with warnings of likely mistakes.
    package var explanation: ScheduleExplanation {
        switch kind {
        case .cron(let expression):
            return ScheduleExplanation(
                text: "\(expression.words), in \(zone.name)\(boundWords)." + expression.clockChangeWords(in: zone),
                warnings: expression.warnings + zoneWarnings
            )
        case .rate(let period):
            return plain(
                "Every \(period), counted from when the task was put\(boundWords); changes of the clocks do not matter."
            )
        case .at(let time): return plain("Once, at \(zone.localText(of: time)).")
        case .once: return plain("Once, now.")
        case .nextBoot: return plain("Once, at the next start of the host.")
        case .everyBoot: return plain("At each start of the host.")
        }
    }

    /// What a change of the clocks has to do with that slot; `nil` if nothing.
    package func note(for slot: Timestamp) -> String? {
        guard case .cron(let expression) = kind else { return nil }
        return expression.note(for: slot.milliseconds.flooredDivision(by: 1000).quotient, in: zone)
    }

    private var boundWords: String {
        [("from", from), ("until", until)].map { word, time in
            time.map { ", \(word) \(zone.localText(of: $0))" } ?? ""
        }.joined() + (maxRuns.map { $0 == 1 ? ", one run" : ", \($0) runs at most" } ?? "")
    }

    private func plain(_ text: String) -> ScheduleExplanation {
        ScheduleExplanation(text: text, warnings: [])
    }

    private var zoneWarnings: [String] {
        guard zone.name.hasPrefix("Etc/GMT"), let sign = zone.name.dropFirst(7).first, sign == "+" || sign == "-",
            zone.offset(at: Timestamp(seconds: 0)) != 0
        else { return [] }
        let hours = zone.offset(at: Timestamp(seconds: 0)) / 3600
        return ["\(zone.name) is \(abs(hours)) h \(hours < 0 ? "behind" : "ahead of") UTC: its sign is turned round"]
    }
}
