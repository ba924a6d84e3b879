import JSON
import ReeveProtocol
import ReeveScheduler
import ReeveStore

/// `schedule.timeline`: what is due from now on, task by task.
struct TimelineMethods: Sendable {
    var parts: Parts
    var time: HostTime
    var wallClock: any WallClock

    var methods: [AgentMethod] { [.reading("schedule.timeline", .observe, timeline)] }

    @Sendable private func timeline(_ parameters: TimelineParameters, _ call: Call) async throws -> JSON {
        let shown = try time.zone(named: parameters.timeZone)
        let limit = try pageSize(parameters.limit)
        let length = parameters.for ?? .days(1)
        guard length >= .seconds(1), length <= .days(366) else {
            throw Failure(InvalidValue(path: "/for", reason: "\(length) is out of range", expected: "1s to 366d"))
        }
        let cells = try inRange(parameters.cells ?? 24, 1...1000, "/cells")
        let times = try inRange(parameters.times ?? 0, 0...1000, "/times")
        let now = wallClock.now
        let timeline = Timeline(from: now, until: now + length, cells: cells)
        let (tasks, hasMore) = try await parts.store.read { reader in
            try Self.tasks(parameters.tasks, timeline, limit, reader)
        }
        let rows = tasks.map { task in
            let schedule = task.definition.schedule.flatMap { try? time.schedule($0, task: task.id) }
            return TimelineRow(task, schedule.map { ComingSlots(of: task, $0) }, timeline, times: times)
        }
        let answered = TimelineRow.shown(rows, isEachWanted: parameters.tasks != nil)
        let view = TimelineView(timeline: timeline, hasTimes: times > 0, zone: shown, scaleZone: shown ?? time.hostZone)
        return try view.json(answered, hasMore: hasMore)
    }

    /// Those that are asked for, or those that are due the earliest within that time and those that are not planned yet.
    private static func tasks(
        _ names: [String]?,
        _ timeline: Timeline,
        _ limit: Int,
        _ reader: Reader
    ) throws -> ([StoredTask], hasMore: Bool) {
        let found: [StoredTask]
        if let names {
            found = try names.map { try reader.namedTask($0) }
        } else {
            found = try reader.dueTasks(now: timeline.until, limit: limit + 1) + reader.unplannedTasks(limit: limit)
        }
        return (Array(found.prefix(limit)), found.count > limit)
    }
}
