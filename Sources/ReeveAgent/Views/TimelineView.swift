import JSON
import ReeveProtocol
import ReeveScheduler
import ReeveStore

/// What is due in a stretch of time, as clients see it.
struct TimelineView {
    let timeline: Timeline
    /// How many times of each task are told.
    let times: Int
    /// The zone that was asked for.
    let zone: Zone?

    /// - Parameter slots: `nil` of a task without a schedule that can be read.
    func row(_ task: StoredTask, _ slots: ComingSlots?) throws -> JSON {
        let counts = slots.map(timeline.counts) ?? Array(repeating: 0, count: timeline.cells)
        var row: JSONObject = ["task": .string(task.id)]
        row["scheduleText"] = .string(task.definition.schedule?.shortText ?? "by hand")
        row["next"] = (task.nextFire ?? slots?.first)?.json ?? .null
        row["count"] = .number(String(counts.reduce(0, +)))
        row["counts"] = .array(counts.map { .number(String($0)) })
        if times > 0 {
            row["times"] = .array(slots.map { timeline.times($0, limit: times).map(\.json) } ?? [])
        }
        row["paused"] = try task.pause.map { try TaskView.pause($0, zone: zone) }
        return .object(row.withLocalTimes("next", zone: zone))
    }

    /// - Parameter zone: what the scale is in.
    func json(_ rows: [JSON], hasMore: Bool, zone: Zone) -> JSON {
        [
            "from": timeline.from.json, "until": timeline.until.json,
            "scale": .array(
                (0...timeline.cells).map { cell in
                    let start = timeline.start(of: cell)
                    return ["time": start.json, "local": .string(zone.localText(of: start))]
                }
            ),
            "tasks": .array(rows), "more": .bool(hasMore),
        ]
    }
}
