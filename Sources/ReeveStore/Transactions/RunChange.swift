import JSON
import ReeveProtocol

/// The state changes that tell of a run, as `Protocol/` has their data.
struct RunChange {
    let run: Run
    let labels: JSON

    /// The change of the run itself: it reached its status.
    func ofRun(at now: Timestamp) throws -> StateChange.Content {
        StateChange.Content(
            type: EventType.run(run),
            subject: run.task,
            time: now,
            summary: summary,
            data: .object(try data())
        )
    }

    /// A part of the run reached a state, while the run goes on.
    func of(_ detail: RunDetail, at now: Timestamp) throws -> StateChange.Content {
        var data: JSONObject = [
            "task": .string(run.task), "run": .string(run.id), "number": .number(String(run.number)), "labels": labels,
        ]
        switch detail {
        case .step(let step): data["step"] = try JSONCoder.encode(step)
        case .probe(let probe): data["probe"] = try JSONCoder.encode(probe)
        case .attachment(let attachment): data["attachment"] = try JSONCoder.encode(attachment)
        case .progress(let progress): data["progress"] = try JSONCoder.encode(progress)
        }
        return StateChange.Content(
            type: EventType.runProgress,
            subject: run.task,
            time: now,
            summary: summary(of: detail),
            data: .object(data)
        )
    }

    private func data() throws -> JSONObject {
        var data: JSONObject = [
            "task": .string(run.task), "revision": .number(String(run.revision)), "run": .string(run.id),
            "number": .number(String(run.number)), "trigger": .string(run.trigger.rawValue),
            "status": .string(run.status.rawValue),
        ]
        data["by"] = run.by.map(JSON.string)
        data["due"] = text(run.due)
        data["outcome"] = run.outcome.map { .string($0.rawValue) }
        data["cause"] = run.cause.map(JSON.string)
        data["reason"] = run.reason.map(JSON.string)
        data["attempt"] = .number(String(run.attempt))
        data["retryOf"] = run.retryOf.map(JSON.string)
        data["willRetry"] = text(run.willRetry) ?? .null
        data["covers"] = try run.covers.map { try JSONCoder.encode($0) }
        data["startedAt"] = text(run.startedAt)
        data["stoppedAt"] = text(run.stoppedAt)
        data["previousOutcome"] = run.previousOutcome.map { .string($0.rawValue) }
        data["labels"] = labels
        data["steps"] = try JSONCoder.encode(run.steps)
        data["probes"] = try JSONCoder.encode(run.probes ?? [])
        data["attachments"] = try JSONCoder.encode(run.attachments ?? [])
        return data
    }

    private func text(_ time: Timestamp?) -> JSON? {
        time.map { .string($0.description) }
    }

    /// `nightly-backup failed after 20m11s: step upload exited with 1`
    private var summary: String {
        guard run.status == .stopped, let outcome = run.outcome else {
            return "\(run.task) run \(run.number) is \(run.status.rawValue)"
        }
        let length = elapsed(run.startedAt, run.stoppedAt).map { " after \($0)" } ?? ""
        let covered = run.covers.map { " \($0.count) times" } ?? ""
        let reason = run.reason.map { ": \($0)" } ?? ""
        let again = run.willRetry.flatMap { time in run.stoppedAt.map { "; tried again in \(time.since($0))" } } ?? ""
        return "\(run.task) \(words(outcome))\(covered)\(length)\(reason)\(again)"
    }

    private func summary(of detail: RunDetail) -> String {
        switch detail {
        case .step(let step): summary(of: step)
        case .probe(let probe):
            "step \(probe.step) is \(probe.health.rawValue)" + (probe.reason.map { ": \($0)" } ?? "")
        case .attachment(let attachment):
            "attachment \(attachment.path) is \(attachment.status.rawValue)"
                + (attachment.reason.map { ": \($0)" } ?? "")
        case .progress(let progress):
            "\(run.task) run \(run.number) goes on, for \(Interval.seconds(progress.elapsed.milliseconds / 1000))"
        }
    }

    private func summary(of step: RunStep) -> String {
        if step.status == .pending, step.attempt > 1 { return "step \(step.name) waits for its try \(step.attempt)" }
        guard step.status == .stopped else { return "step \(step.name) is \(step.status.rawValue)" }
        if let code = step.exitCode { return "step \(step.name) stopped with exit code \(code)" }
        if let signal = step.signal { return "step \(step.name) stopped by signal \(signal)" }
        let reason = step.reason.map { ": \($0)" } ?? ""
        return "step \(step.name) \(step.outcome.map(words) ?? "stopped")\(reason)"
    }

    private func words(_ outcome: Outcome) -> String {
        switch outcome {
        case .timedOut: "timed out"
        case .canceled: "was canceled"
        case .lost: "was lost"
        case .skipped: "was skipped"
        case .missed: "was missed"
        case .invalid: "was refused"
        case .succeeded, .failed: outcome.rawValue
        }
    }

    /// Whole seconds from one second on.
    private func elapsed(_ start: Timestamp?, _ end: Timestamp?) -> Interval? {
        guard let start, let end, end >= start else { return nil }
        let length = end.since(start)
        return length < .seconds(1) ? length : .seconds(length.milliseconds / 1000)
    }
}
