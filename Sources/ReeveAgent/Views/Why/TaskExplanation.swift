import JSON
import ReeveProtocol
import ReeveScheduler
import ReeveStore

/// Says in words, and as data, why a task does not run now, and when it will.
struct TaskExplanation: Sendable {
    /// How the part of the agent is that decides what is due.
    enum SchedulerState: Sendable {
        case working
        case clockNotSet
        case away
    }

    let task: StoredTask
    /// Its runs that have not stopped, in the order in which they begin.
    var live: [RunExplanation] = []
    /// What became of the last slot that was decided and is not among ``live``.
    var lastSlot: RunExplanation?
    /// The run that stopped last.
    var last: RunExplanation?
    /// As it is read now, or why it cannot be read any more; `nil` without one.
    var reading: Result<Schedule, InvalidValue>?
    var scheduler = SchedulerState.working
    let now: Timestamp
    /// What times in sentences are in, but for those of a schedule that is read in a zone.
    let zone: Zone

    var standing: TaskStanding {
        if task.removed { return .removed }
        if live.contains(where: { $0.run.status > .pending }) { return .running }
        if !live.isEmpty { return .waiting }
        if task.definition.schedule == nil { return .byHand }
        if task.completed { return .completed }
        if isUnreadable { return .unreadable }
        if task.pause != nil { return .paused }
        if schedule?.isBoot == true { return .boot }
        switch scheduler {
        case .working: return .scheduled
        case .clockNotSet: return .clockNotSet
        case .away: return .schedulerAway
        }
    }

    private var name: String { task.id }

    private var schedule: Schedule? { try? reading?.get() }

    private var isUnreadable: Bool {
        guard let schedule else { return true }
        return task.isPlanned && task.nextFire == nil && !schedule.isBoot
    }

    /// What is to be said of it, the first thing first.
    var reasons: [String] {
        (task.removed ? [removal] : []) + runSentences + (task.removed ? [] : scheduleSentences) + pastSentences
    }

    func json(showing shown: Zone?) throws -> JSON {
        let reasons = reasons
        var object: JSONObject = ["task": .string(name), "status": .string(standing.rawValue)]
        object["summary"] = .string(reasons[0])
        object["reasons"] = .array(reasons.map(JSON.string))
        object["next"] = task.nextFire?.json ?? .null
        if let due = task.nextDue, due != task.nextFire { object["due"] = due.json }
        object["running"] = .array(
            live.filter { $0.run.status > .pending }.map { .string($0.run.id) }
        )
        object["waitingFor"] = live.first { $0.run.status == .pending }?.waits?.json(showing: shown) ?? []
        object["paused"] = try task.pause.map { try TaskView.pause($0, zone: shown) }
        object["last"] = task.last.map(TaskView.last)
        return .object(object.withLocalTimes("next", "due", zone: shown))
    }

    // MARK: Now

    private var removal: String {
        "there is no task \(name) any more: \(task.by) removed it \(ago(task.changedAt)), at \(at(task.changedAt))"
    }

    /// More runs than this are counted only.
    private static let mostRuns = 3

    private var runSentences: [String] {
        // What runs says why it does not run another time; what waits comes after it.
        let ordered = live.filter { $0.run.status > .pending } + live.filter { $0.run.status == .pending }
        let rest = ordered.count - Self.mostRuns
        return ordered.prefix(Self.mostRuns).flatMap(\.sentences)
            + (rest > 0 ? ["\(rest) more of its runs have not ended"] : [])
    }

    // MARK: Next

    private var scheduleSentences: [String] {
        guard task.definition.schedule != nil else {
            return ["\(name) has no schedule: it runs only when it is asked to"]
        }
        if task.completed { return [completion] }
        if isUnreadable { return [unreadable] }
        return [pause, trouble, nextTime].compactMap(\.self)
    }

    private var completion: String {
        let last = task.watermark.map { "\(at($0)) (\(ago($0)))" }
        if let most = schedule?.maxRuns, task.scheduledRuns >= most {
            return
                "\(name) is done: it has made \(most == 1 ? "the one run" : "the \(most) runs") that its maxRuns allows"
        }
        if schedule?.isNextBoot == true {
            return "\(name) is done: it was due at one start of the host, which has been"
        }
        if schedule?.repeats == false { return "\(name) is done: it was due once" + (last.map { ", at \($0)" } ?? "") }
        return "\(name) is done: its schedule has no time any more" + (last.map { "; its last was \($0)" } ?? "")
    }

    private var unreadable: String {
        let end = "; it waits for another definition, or for other zone files"
        if case .failure(let problem) = reading {
            return "the schedule of \(name) cannot be read any more: \(problem.below("/schedule").description)\(end)"
        }
        return "the schedule of \(name) could not be read when it was due\(end)"
    }

    private var pause: String? { task.pause.map { "\(name) is paused \($0.words(now, zone))" } }

    private var nextTime: String? {
        guard let schedule else { return nil }
        if schedule.isBoot {
            return "\(name) is due at " + (schedule.isNextBoot ? "the next start" : "each start") + " of the host"
        }
        guard let fire = task.nextFire else { return "when \(name) is due is being worked out" }
        let due = task.nextDue ?? fire
        let shown = schedule.isZoned ? schedule.zone : zone
        let zoneName = schedule.isZoned && schedule.zone != .utc ? " (\(schedule.zone.name))" : ""
        var text = fire >= now + .seconds(1) ? "\(name) is due in \(fire.since(now).words)" : "\(name) is due now"
        if fire == due {
            text += ", at \(shown.words(for: due))\(zoneName)"
        } else {
            text +=
                ", at \(shown.words(for: fire)): \(fire.since(due).words) of jitter after \(shown.words(for: due))"
                + zoneName
        }
        if let note = schedule.note(for: due) { text += ": \(note)" }
        if let pause = task.pause {
            let isSkipped = pause.until.map { due < $0 } ?? true
            text += isSkipped ? "; it is skipped if it is paused then" : ", when the pause is over"
        }
        return text
    }

    /// What keeps what is due by time from being looked at.
    private var trouble: String? {
        guard schedule?.isBoot == false else { return nil }
        switch scheduler {
        case .working: return nil
        case .clockNotSet: return "nothing is due by time until the clock is set: it shows \(at(now))"
        case .away:
            return "the part of the agent that decides what is due restarts; what is due meanwhile is found late"
        }
    }

    // MARK: Before

    /// What became of the last slot, where that did not run; and how the last run ended, where that was no success.
    private var pastSentences: [String] {
        var sentences: [String] = []
        if let slot = lastSlot, slot.run.startedAt == nil, slot.run.outcome != .canceled {
            let due = slot.run.due.map { "what was due at \(dueText($0)) did not run: " } ?? ""
            sentences += [due + slot.summary] + slot.sentences.dropFirst()
        }
        if let last, last.run.outcome != .succeeded, last.run.id != lastSlot?.run.id || sentences.isEmpty {
            sentences += last.sentences
        }
        return sentences
    }

    private func dueText(_ time: Timestamp) -> String {
        guard let schedule, schedule.isZoned else { return at(time) }
        return schedule.zone.words(for: time)
    }

    private func at(_ time: Timestamp) -> String { zone.words(for: time) }
    private func ago(_ time: Timestamp) -> String { time.ago(now) }
}
