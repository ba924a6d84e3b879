import JSON
import ReeveProtocol

/// What `reeve top` has seen over the last minutes: a sample for each look at the agent.
struct TopHistory {
    /// Looks that are kept, one for each column of a chart.
    static let length = 60

    /// A number at each look, the latest last.
    struct Series {
        private(set) var values: [Double] = []

        mutating func add(_ value: Double) {
            values.append(value)
            values.removeFirst(max(0, values.count - TopHistory.length))
        }
    }

    /// Changes recorded each second.
    private(set) var recorded = Series()
    /// Changes delivered each second, by endpoint.
    private(set) var delivered: [String: Series] = [:]
    /// Changes that wait, by endpoint.
    private(set) var pending: [String: Series] = [:]
    private var last: (time: Timestamp, head: Int, delivered: [String: Int])?

    /// Takes what `agent.status` answered.
    mutating func add(_ status: JSON, at time: Timestamp) {
        let head = status["store"]?["journal"]?["head"]?.integer ?? 0
        var counts: [String: Int] = [:]
        let endpoints = status["endpoints"]?.array ?? []
        let names = Set(endpoints.compactMap { $0["name"]?.string })
        for endpoint in endpoints {
            guard let name = endpoint["name"]?.string else { continue }
            counts[name] = endpoint["delivered"]?.integer
            pending[name, default: Series()].add(Double(endpoint["pending"]?.integer ?? 0))
        }
        if let last {
            let seconds = Double(time.since(last.time).milliseconds) / 1000
            if seconds > 0 {
                recorded.add(max(0, Double(head - last.head) / seconds))
                for (name, count) in counts {
                    // Counted since the submitter started: fewer than before means that it was started anew.
                    let before = last.delivered[name].map { $0 > count ? 0 : $0 } ?? count
                    delivered[name, default: Series()].add(Double(count - before) / seconds)
                }
            }
        }
        last = (time, head, counts)
        delivered = delivered.filter { names.contains($0.key) }
        pending = pending.filter { names.contains($0.key) }
    }
}

/// Small charts of one line.
enum Sparkline {
    private static let bars: [Character] = ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"]

    /// The last `width` values, the highest as a whole bar; what is not there yet as blanks.
    static func text(_ values: [Double], width: Int) -> String {
        let shown = values.suffix(width)
        let most = shown.max() ?? 0
        let chart = shown.map { value -> Character in
            guard most > 0, value > 0 else { return bars[0] }
            return bars[min(bars.count - 1, Int((value / most * Double(bars.count - 1)).rounded(.up)))]
        }
        return String(repeating: " ", count: width - shown.count) + String(chart)
    }
}
