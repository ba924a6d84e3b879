import JSON
import ReeveProtocol
import ReeveScheduler

/// What a schedule means: its next times, in words, with what is probably not meant.
struct SchedulePreview {
    private let schedule: Schedule
    private let isForTask: Bool
    private let times: [Timestamp]
    private let previous: Timestamp?

    /// - Parameter task: For which `H` is read; `nil`: for none in particular.
    init(
        _ definition: ScheduleDefinition,
        task: String?,
        time: HostTime,
        after: Timestamp,
        count: Int
    ) throws(InvalidValue) {
        schedule = try time.schedule(definition, task: task ?? "")
        isForTask = task != nil
        let isOnce = definition.kind == .once
        let slots = sequence(state: after) { [schedule] last -> Timestamp? in
            guard let slot = schedule.next(after: last, anchor: after) else { return nil }
            last = slot
            return slot
        }
        times = isOnce ? [after] : Array(slots.prefix(min(count, schedule.maxRuns ?? count)))
        previous = isOnce ? nil : schedule.previous(before: after, anchor: after)
    }

    /// - Parameter zone: what local times are shown in; the schedule's own zone if `nil`.
    func json(zone: Zone?) -> JSON {
        let explanation = schedule.explanation
        var answer = JSONObject()
        answer["times"] = .array(times.map { entry($0, zone) })
        answer["previous"] = previous.map { entry($0, zone) } ?? .null
        answer["timeZone"] = .string(schedule.zone.name)
        answer["explanation"] = .string(explanation.text)
        let hashed = schedule.isHashed && !isForTask ? ["H stands for another value in each task and on each host"] : []
        answer["warnings"] = .array((explanation.warnings + hashed).map(JSON.string))
        return .object(answer)
    }

    private func entry(_ time: Timestamp, _ zone: Zone?) -> JSON {
        var object = JSONObject()
        object["time"] = time.json
        object["local"] = .string((zone ?? schedule.zone).localText(of: time))
        object["note"] = schedule.note(for: time).map(JSON.string)
        return .object(object)
    }
}
