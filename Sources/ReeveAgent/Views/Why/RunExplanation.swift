import JSON
import ReeveProtocol
import ReeveRunner
import ReeveScheduler

/// Says in words, and as data, why a run is as it is: what it waits for, how far it is, or how it ended and why.
struct RunExplanation: Sendable {
    let run: Run
    /// What it goes by; `nil` where that is known no longer.
    let definition: TaskDefinition?
    /// Of a pending run.
    let waits: RunWaits?
    let now: Timestamp
    /// What times in sentences are in.
    let zone: Zone

    var summary: String { sentences[0] }

    /// What is to be said of it, the first thing first.
    var sentences: [String] {
        switch run.status {
        case .pending: waitSentences
        case .preparing, .running, .stopping: lifeSentences
        case .stopped: [end] + endDetails
        }
    }

    func json(showing shown: Zone?) -> JSON {
        let reasons = sentences + [origin]
        var object: JSONObject = [
            "run": .string(run.id), "task": .string(run.task), "number": .number(String(run.number)),
            "status": .string(run.status.rawValue),
        ]
        object["outcome"] = run.outcome.map { .string($0.rawValue) }
        object["cause"] = run.cause.map(JSON.string)
        object["summary"] = .string(reasons[0])
        object["reasons"] = .array(reasons.map(JSON.string))
        object["waitingFor"] = waits?.json(showing: shown) ?? []
        if run.status == .pending { object["ahead"] = .number(String(waits?.ahead ?? 0)) }
        object["deadline"] = (waits?.deadline ?? timeLimit?.end)?.json
        return .object(object.withLocalTimes("deadline", zone: shown))
    }

    // MARK: Before

    private var waitSentences: [String] {
        guard let waits else { return ["\(run.shortName) is about to begin"] }
        var sentences: [String] = []
        if waits.isRunnerAway {
            sentences.append("\(run.shortName) waits for the part of the agent that begins runs, which restarts")
        }
        if let time = waits.notBefore {
            return sentences + [
                "\(run.shortName) is try number \(run.attempt) and begins in \(time.since(now).words), \(at(time))"
            ]
        }
        // Said once, with the first thing that it waits for.
        var deadline = waits.deadline.map { ", until \(at($0)): it is missed then" } ?? ""
        func waitsFor(_ what: String) {
            sentences.append("\(run.shortName) waits for \(what)\(deadline)")
            deadline = ""
        }
        if !waits.unmet.isEmpty {
            waitsFor(waits.unmet.map(\.description).joined(separator: " and for "))
            sentences += waits.causes
        }
        if let group = waits.group {
            let count = group.going == 1 ? "one run of it is going" : "\(group.going) runs of it are going"
            waitsFor("a place in group \(group.name): \(count), \(group.limit) may at once")
        }
        if let other = waits.others.first {
            if overlap.isSkipping {
                sentences.append(skip(for: other, of: waits.others.count))
            } else {
                waitsFor(end(of: other, of: waits.others.count))
            }
        }
        if !waits.isPlaceFree { waitsFor(place(waits)) }
        if waits.places == 0 {
            sentences.append("no run begins while the limit of all is 0: reeve group set --all --limit N raises it")
        }
        return sentences.isEmpty ? ["\(run.shortName) is about to begin"] : sentences
    }

    private func place(_ waits: RunWaits) -> String {
        let going = waits.going == 1 ? "one run is going, " : waits.going > 0 ? "\(waits.going) runs are going, " : ""
        let most =
            switch waits.places {
            case 0: "none may begin"
            case 1: "no more than one may at once"
            default: "no more than \(waits.places) may at once"
            }
        let ahead = waits.ahead > 0 ? ", and \(waits.ahead) \(waits.ahead == 1 ? "waits" : "wait") before it" : ""
        return "a free place: \(going)\(most)\(ahead)"
    }

    private var overlap: OverlapPolicy { definition?.overlap ?? .skip }

    /// A run of its task, one of so many, that has to end first.
    private func end(of other: Run, of count: Int) -> String {
        let more = count > 1 ? ", and \(count - 1) more of its task" : ""
        let state = overlap == .replace ? "is stopped for it" : state(of: other)
        return "\(other.shortName) to end, which \(state)\(more) (overlap: \(overlap))"
    }

    /// It does not wait for them: it is decided when its turn comes.
    private func skip(for other: Run, of count: Int) -> String {
        let others =
            overlap.most == 1
            ? "\(other.shortName), which \(state(of: other)), is" : "\(overlap.most ?? count) of the runs before it are"
        return "\(run.shortName) is skipped if \(others) not over when its turn comes (overlap: \(overlap))"
    }

    private func state(of other: Run) -> String {
        other.startedAt.map { "has run for \(now.since($0).words)" }
            ?? "waits itself, for \(now.since(other.createdAt).words)"
    }

    // MARK: While

    private var lifeSentences: [String] {
        let since = run.startedAt ?? run.createdAt
        var sentences: [String]
        switch run.status {
        case .stopping: sentences = [stopping]
        case .preparing: sentences = ["\(run.shortName) is being started"]
        default: sentences = ["\(run.shortName) has run for \(now.since(since).words), since \(at(since))"]
        }
        sentences += stepSentences
        if run.status != .stopping, let timeLimit {
            let left = timeLimit.end > now ? "in \(timeLimit.end.since(now).words)" : "now"
            sentences.append("it is ended \(left), when \(timeLimit.what) of \(timeLimit.length) is over")
        }
        return sentences
    }

    private var stopping: String {
        guard let request = run.stopRequest else {
            return "\(run.shortName) is being stopped" + (run.reason.map { ": \($0)" } ?? "")
        }
        let reason = request.reason.map { ": \($0)" } ?? ""
        return "\(run.shortName) is being stopped: asked by \(request.by) \(ago(request.at))\(reason)"
    }

    private var currentSteps: [Int] {
        run.steps.indices.filter { run.steps[$0].status > .pending && run.steps[$0].status < .stopped }
    }

    private var stepSentences: [String] {
        let current = currentSteps
        let again =
            run.steps.compactMap { step -> String? in
                guard step.status == .pending, let time = step.notBefore else { return nil }
                let when = time > now ? "in \(time.since(now).words)" : "now"
                return "step \(step.name) is tried again \(when), for the \(step.attempt). time"
            } + stepWaitSentences
        guard run.steps.count > 1 else {
            return (current.first.flatMap { run.steps[$0].pid }.map { ["its process is \($0)"] } ?? []) + again
        }
        switch current.count {
        case 0: return again
        case 1: return ["it is at step \(words(current[0], of: "\(current[0] + 1) of \(run.steps.count)"))"] + again
        default: return current.map { "step \(words($0, of: "\($0 + 1) of \(run.steps.count)"))" } + again
        }
    }

    private var stepWaitSentences: [String] {
        guard let definition, run.status < .stopping else { return [] }
        let machine = RunMachine(run: run, definition: definition)
        return run.steps.indices.compactMap { index in
            let waits = machine.waits(of: index).map(\.description)
            return waits.isEmpty
                ? nil : "step \(run.steps[index].name) waits for \(waits.joined(separator: " and for "))"
        }
    }

    private func words(_ index: Int, of place: String) -> String {
        let step = run.steps[index]
        let process = step.pid.map { "process \($0)" } ?? "no process yet"
        let since = step.startedAt.map { ", for \(now.since($0).words)" } ?? ""
        return "\(step.name), \(place): \(process)\(since)"
    }

    /// The time limit that ends it first.
    private var timeLimit: (end: Timestamp, length: Interval, what: String)? {
        guard let definition, run.status < .stopped else { return nil }
        var limits: [(end: Timestamp, length: Interval, what: String)] = []
        if let timeout = definition.timeout, let start = run.startedAt {
            limits.append((start + timeout, timeout, "the run's timeout"))
        }
        let steps = definition.effectiveSteps
        for index in currentSteps where steps.indices.contains(index) {
            guard let timeout = steps[index].timeout, let start = run.steps[index].startedAt else { continue }
            limits.append((start + timeout, timeout, "the step's timeout"))
        }
        return limits.min { $0.end < $1.end }
    }

    // MARK: After

    /// How it ended, in one sentence.
    private var end: String {
        let name = run.shortName
        let when = run.stoppedAt.map { " \(ago($0))" } ?? ""
        let reason = run.reason.map { ": \($0)" } ?? ""
        let length = run.startedAt.flatMap { start in run.stoppedAt.map { $0.since(start).words } }
        let after = length.map { " after \($0)" } ?? ""
        switch run.outcome {
        case .succeeded: return "\(name) succeeded\(when)" + (length.map { ", in \($0)" } ?? "")
        case .failed: return "\(name) failed\(when)\(after)\(reason)"
        case .timedOut: return "\(name) timed out\(when)\(after)\(reason)"
        case .canceled:
            return "\(name) was canceled\(when)" + (length == nil ? ", before it began" : after) + reason
        case .lost: return "\(name) was lost\(when)\(reason)"
        case .skipped: return "\(name) was skipped\(when)\(reason)"
        case .missed: return "\(name) was missed\(when)\(reason)"
        case .invalid: return "\(name) was refused\(when)\(reason)"
        case nil: return "\(name) has ended"
        }
    }

    private var endDetails: [String] {
        var details: [String] = []
        let ended = run.steps.last { $0.outcome != nil && $0.outcome != .skipped && $0.outcome != .succeeded }
        if run.outcome == .failed, let ended {
            if let signal = ended.signal {
                details.append(ExitWords.signal(signal))
            } else if let words = ended.exitCode.flatMap(ExitWords.exit) {
                details.append(words)
            }
        }
        if let covers = run.covers, covers.count > 1 {
            details.append("it stands for \(covers.count) times, from \(at(covers.from)) to \(at(covers.to))")
        }
        if let dropped = ended?.output?.dropped, dropped > 0 {
            details.append("of what it wrote, \(dropped) bytes were not kept")
        }
        return details
    }

    // MARK: Pieces

    /// Where it comes from.
    private var origin: String {
        let due = run.due.map { "it was due at \(at($0))" }
        switch run.trigger {
        case .manual: return "it was asked for by \(run.by ?? "somebody"), \(ago(run.createdAt))"
        case .boot: return "the host's start made it due, \(ago(run.due ?? run.createdAt))"
        case .schedule: return due ?? "its schedule made it"
        case .catchUp: return (due ?? "its schedule made it") + ", and found late"
        case .retry:
            let slot = run.due.map { " of what was due at \(at($0))" } ?? ""
            return "it is attempt \(run.attempt)\(slot)" + (run.by.map { ", asked for by \($0)" } ?? "")
        }
    }

    private func at(_ time: Timestamp) -> String { zone.words(for: time) }
    private func ago(_ time: Timestamp) -> String { time.ago(now) }
}
