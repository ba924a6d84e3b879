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
        let cells = try Self.inRange(parameters.cells ?? 24, 1...1000, "/cells")
        let times = try Self.inRange(parameters.times ?? 0, 0...1000, "/times")
        let now = wallClock.now
        let timeline = Timeline(from: now, until: now + length, cells: cells)
        let (tasks, hasMore) = try await parts.store.read { reader in
            try Self.tasks(parameters.tasks, timeline, limit, reader)
        }
        let view = TimelineView(timeline: timeline, times: times, zone: shown)
        let rows = try tasks.map { task in
            let schedule = task.definition.schedule.flatMap { try? time.schedule($0, task: task.id) }
            return try view.row(task, schedule.map { ComingSlots(of: task, $0) })
        }
        let isEachWanted = parameters.tasks != nil
        let answered = rows.filter { isEachWanted || ($0["count"]?.integer ?? 0) > 0 }
        // Such times sort as texts.
        let sorted = answered.sorted { ($0["next"]?.string ?? "~") < ($1["next"]?.string ?? "~") }
        return view.json(sorted, hasMore: hasMore, zone: shown ?? time.hostZone)
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

    private static func inRange(_ number: Int, _ range: ClosedRange<Int>, _ path: String) throws(Failure) -> Int {
        guard range.contains(number) else {
            let expected = "\(range.lowerBound) to \(range.upperBound)"
            throw Failure(InvalidValue(path: path, reason: "\(number) is out of range", expected: expected))
        }
        return number
    }
}
