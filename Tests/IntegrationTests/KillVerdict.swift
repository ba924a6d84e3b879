import JSON
import TestSupport

/// Judges what is left after the kills: what was promised against what came.
struct KillVerdict {
    private(set) var problems: [String] = []
    private let check: WebhookReceiver.Check
    /// What was answered with 2xx, each change once.
    private var events: [String: JSON] = [:]
    private var sequences: Set<Int> = []

    init(_ records: [WebhookReceiver.Record], secret: String) {
        check = WebhookReceiver.Check(records, secret: secret, .mayRepeatDelivered)
        problems = check.problems
        for record in records where record.isDelivered {
            if let id = record.request.id, let event = record.request.event { events[id] = event }
        }
        for change in check.lanes.values.joined() where check.delivered.contains(change.id) {
            sequences.insert(Int(change.sequence))
        }
    }

    var repeats: Int { check.repeatsOfDelivered }

    /// Every event that was acknowledged came, each as one change.
    mutating func judge(published: [String: Int]) {
        var numbers: [String: Set<String>] = [:]
        for event in events.values {
            guard let id = event["publisherid"]?.string, let number = event["sequence"]?.string else { continue }
            numbers[id, default: []].insert(number)
        }
        for (id, sequence) in published {
            if !sequences.contains(sequence) { problems.append("event \(id) (\(sequence)) was acknowledged and lost") }
        }
        for (id, several) in numbers where several.count > 1 { problems.append("event \(id) is \(several)") }
    }

    /// Every change of the journal came, but those about the endpoint itself.
    mutating func judge(journal: [JSON]) {
        for event in journal {
            guard let number = event["sequence"]?.string.flatMap({ Int($0) }), !sequences.contains(number) else {
                continue
            }
            if event["type"]?.string?.hasPrefix("dev.reeve.endpoint.") == true { continue }
            problems.append("change \(number), \(event["type"]?.text ?? ""), never came")
        }
    }

    /// Every revision of a task that was acknowledged was told.
    mutating func judge(puts: Set<String>) {
        let told = Set(
            events.values.filter { $0["type"]?.string?.hasPrefix("dev.reeve.task.") == true }.map {
                "\($0["subject"]?.string ?? "") \($0[at: "data", "revision"]?.integer ?? 0)"
            }
        )
        for put in puts.subtracting(told) { problems.append("task.put of \(put) was acknowledged and not told") }
    }

    /// Every run ended once, was told so, and started at most once.
    mutating func judge(runs: [JSON], acknowledged: Set<String>, marks: [String]) {
        let known = Set(runs.compactMap { $0["id"]?.string })
        for id in acknowledged.subtracting(known) { problems.append("run \(id) was acknowledged and is not there") }
        var counts: [String: Int] = [:]
        for mark in marks { counts[mark, default: 0] += 1 }
        for (mark, count) in counts where count > 1 { problems.append("\(count) times \"\(mark)\"") }
        var ends: [String: String] = [:]
        for event in events.values {
            guard let id = event[at: "data", "run"]?.string, let outcome = event[at: "data", "outcome"]?.string else {
                continue
            }
            if let other = ends[id], other != outcome { problems.append("run \(id) is told \(other) and \(outcome)") }
            ends[id] = outcome
        }
        var slots: Set<String> = []
        var numbers: Set<String> = []
        for run in runs {
            let (id, task) = (run["id"]?.string ?? "", run["task"]?.string ?? "")
            if !numbers.insert("\(task) \(run["number"]?.text ?? "")").inserted { problems.append("\(id): its number") }
            judge(run, id: id, task: task, told: ends[id], marks: Set(counts.keys))
            let hasStarted = run["startedAt"].map { !$0.isNull } ?? false
            if hasStarted, let due = run["due"]?.string, !slots.insert("\(task) \(due)").inserted {
                problems.append("\(task)'s slot \(due) was started twice")
            }
        }
    }

    private mutating func judge(_ run: JSON, id: String, task: String, told: String?, marks: Set<String>) {
        let outcome = run["outcome"]?.string
        if run["status"] != "stopped" { problems.append("run \(id) of \(task) is \(run["status"]?.text ?? "nothing")") }
        if told != outcome { problems.append("run \(id) of \(task) \(outcome ?? "?"), and is told \(told ?? "not")") }
        let steps = KillTasks.steps(of: task)
        let started = steps.filter { marks.contains("start \(id) \($0)") }
        let ended = steps.filter { marks.contains("end \(id) \($0)") }
        let isTrue =
            switch outcome {
            case "succeeded": ended == steps && task != "failing"
            case "failed": started == steps && task == "failing" && run[at: "steps", "0", "exitCode"] == 3
            case "lost": run["cause"] == "agentCrashed"
            case "skipped", "missed": started.isEmpty
            default: false
            }
        if !isTrue { problems.append("run \(id) is not as it is told; it started \(started): \(run.text)") }
    }
}
