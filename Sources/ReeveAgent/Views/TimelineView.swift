import JSON
import ReeveProtocol
import ReeveScheduler
import ReeveStore

/// What of a task is due in a stretch of time.
struct TimelineRow: Sendable {
    let task: StoredTask
    /// When it starts next, whether within that time or not.
    let next: Timestamp?
    /// Of each cell.
    let counts: [Int]
    /// The first times.
    let times: [Timestamp]

    var count: Int { counts.reduce(0, +) }

    /// - Parameters:
    ///   - slots: `nil` of a task without a schedule that can be read.
    ///   - times: How many times to tell at most.
    init(_ task: StoredTask, _ slots: ComingSlots?, _ timeline: Timeline, times: Int) {
        self.task = task
        next = task.nextFire ?? slots?.first
        counts = slots.map(timeline.counts) ?? Array(repeating: 0, count: timeline.cells)
        self.times = slots.map { timeline.times($0, limit: times) } ?? []
    }

    /// Those that are answered, by when they start next: without what is not due, unless each was asked for by name.
    static func shown(_ rows: [TimelineRow], isEachWanted: Bool) -> [TimelineRow] {
        let last = Timestamp(milliseconds: .max)
        return rows.filter { isEachWanted || $0.count > 0 }.sorted { ($0.next ?? last) < ($1.next ?? last) }
    }
}

/// What is due in a stretch of time, as clients see it.
struct TimelineView {
    let timeline: Timeline
    /// Single times were asked for.
    let hasTimes: Bool
    /// The zone that was asked for.
    let zone: Zone?
    /// What the scale is in.
    let scaleZone: Zone

    func json(_ rows: [TimelineRow], hasMore: Bool) throws -> JSON {
        [
            "from": timeline.from.json, "until": timeline.until.json,
            "scale": .array(
                (0...timeline.cells).map { cell in
                    let start = timeline.start(of: cell)
                    return ["time": start.json, "local": .string(scaleZone.localText(of: start))]
                }
            ),
            "tasks": .array(try rows.map(json)), "more": .bool(hasMore),
        ]
    }

    private func json(_ row: TimelineRow) throws -> JSON {
        let task = row.task
        var object: JSONObject = ["task": .string(task.id)]
        object["scheduleText"] = .string(task.definition.schedule?.shortText ?? "by hand")
        object["next"] = row.next?.json ?? .null
        object["count"] = .number(String(row.count))
        object["counts"] = .array(row.counts.map { .number(String($0)) })
        if hasTimes { object["times"] = .array(row.times.map(\.json)) }
        object["paused"] = try task.pause.map { try TaskView.pause($0, zone: zone) }
        return .object(object.withLocalTimes("next", zone: zone))
    }
}
