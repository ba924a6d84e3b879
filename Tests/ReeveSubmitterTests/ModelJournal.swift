import JSON
import ReeveProtocol
import ReeveSubmitter

/// A journal and one endpoint's record of it, in memory, with the store's rules.
struct ModelJournal {
    private(set) var changes: [StateChange] = []
    private(set) var cursor: Int64 = 0
    private(set) var positions: [Lane: Int64] = [:]
    private(set) var deadLetters: [DeliveryProgress.GivenUp] = []
    private var lastOfLane: [Lane: Int64] = [:]

    var head: Int64 { changes.last?.sequence ?? 0 }

    /// Numbers start at 10 and go by tens, so that mistaking one for a count shows.
    @discardableResult
    mutating func append(_ lane: Lane, _ type: String, padding: Int = 0) -> StateChange {
        let sequence = Int64(changes.count + 1) * 10
        let change = StateChange(
            sequence: sequence,
            id: "change-\(sequence)",
            lane: lane,
            previous: lastOfLane[lane],
            content: StateChange.Content(
                type: type,
                subject: nil,
                time: Timestamp(milliseconds: sequence),
                summary: "\(type) in \(lane)" + String(repeating: "x", count: padding),
                data: nil
            )
        )
        lastOfLane[lane] = sequence
        changes.append(change)
        return change
    }

    func page(after sequence: Int64, of lane: Lane? = nil, limit: Int, bytes: Int) -> JournalPage {
        var start = Int(sequence / 10)
        var page = JournalPage(changes: [], isEnd: false, head: head)
        var size = 0
        while page.changes.count < limit, size < bytes {
            guard start < changes.count else {
                page.isEnd = true
                break
            }
            let change = changes[start]
            start += 1
            guard lane == nil || change.lane == lane else { continue }
            page.changes.append(change)
            size += 256 + change.content.summary.utf8.count
        }
        return page
    }

    /// As the store does it: the cursor deletes the positions that it passes, and then those given are set.
    mutating func commit(_ progress: DeliveryProgress) {
        let before = cursor
        cursor = progress.cursor
        positions = positions.filter { $0.value <= before || $0.value > progress.cursor }
        for (lane, position) in progress.positions { positions[lane] = position }
        deadLetters += progress.deadLetters
    }

    /// Up to where the record says that the lane is done.
    func committed(_ lane: Lane) -> Int64 { positions[lane] ?? cursor }
}
