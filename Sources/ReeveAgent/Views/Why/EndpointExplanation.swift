import JSON
import ReeveProtocol
import ReeveScheduler
import ReeveStore
import ReeveSubmitter

/// Says in words, and as data, what an endpoint waits for, and when it goes on.
struct EndpointExplanation: Sendable {
    let endpoint: StoredEndpoint
    let backlog: EndpointBacklog
    /// As the part of the agent sees it that delivers; `nil` while that is away, and of a queue.
    var situation: EndpointSituation?
    /// The last that was told of it is that it does not answer.
    var opened: StateChange?
    /// Of a lane that is held, the dead letter that holds it.
    var heldLetter: DeadLetter?
    /// The store is short of room, and this endpoint is the one that keeps it so.
    var shortage: StorageShortage?
    let now: Timestamp
    /// What times in sentences are in.
    let zone: Zone

    var standing: EndpointStanding {
        if endpoint.pause != nil { return .paused }
        if endpoint.definition.kind == .queue {
            return backlog.pending > 0 ? .waiting : endpoint.muting.present != nil ? .muted : .idle
        }
        guard let situation else { return .unavailable }
        let lanes = situation.lanes
        if situation.status.overview.state == .down { return .down }
        if lanes.held > 0 { return .held }
        if lanes.waiting > 0 || situation.status.nextTry != nil { return .retrying }
        if lanes.sending > 0 || lanes.ready > 0 { return .delivering }
        if lanes.gathering > 0 { return .gathering }
        return endpoint.muting.present != nil ? .muted : .idle
    }

    /// What is to be said of it, the first thing first.
    var reasons: [String] {
        let first = [pause, away, trouble].compactMap(\.self) + laneSentences
        let rest = [muting, backlogSentence, shortage?.sentence].compactMap(\.self)
        let said = first + rest
        return (said.isEmpty ? ["\(name) has got all that is meant for it"] : said)
            + [replay, deadLetters, filter, muted].compactMap(\.self)
    }

    func json(showing shown: Zone?) throws -> JSON {
        let reasons = reasons
        var object: JSONObject = ["endpoint": .string(name), "status": .string(standing.rawValue)]
        object["summary"] = .string(reasons[0])
        object["reasons"] = .array(reasons.map(JSON.string))
        object["nextTry"] = nextTry?.json ?? .null
        object["pending"] = .number(String(backlog.pending))
        object["oldest"] = backlog.oldest?.json ?? .null
        object["deadLetters"] = .number(String(backlog.deadLetters))
        for (name, value) in try EndpointView.standing(endpoint).members.map({ ($0.name, $0.value) }) {
            object[name] = value
        }
        return .object(object.withLocalTimes("nextTry", "oldest", zone: shown))
    }

    private var name: String { endpoint.name }

    /// When something is tried again by itself.
    private var nextTry: Timestamp? {
        guard endpoint.pause == nil else { return endpoint.pause?.until }
        return [situation?.status.nextTry, situation?.nextTry].compactMap(\.self).min()
    }

    // MARK: Why nothing goes

    private var pause: String? {
        endpoint.pause.map { "\(name) is paused \($0.words(now, zone)); what is recorded waits" }
    }

    private var muting: String? {
        endpoint.muting.present.map {
            "\(name) is muted \($0.words(now, zone)); what is recorded meanwhile is never sent to it"
        }
    }

    private var away: String? {
        guard situation == nil, endpoint.definition.kind != .queue else { return nil }
        return "nothing is sent to \(name) now: the part of the agent that delivers restarts"
    }

    private var trouble: String? {
        guard let status = situation?.status, endpoint.pause == nil else { return nil }
        let next = status.nextTry.map { "it is tried again in \($0.since(now).words)" } ?? "it is being tried"
        if status.overview.state == .down {
            let since = opened.map { " since \(at($0.content.time)) (\($0.content.time.ago(now)))" } ?? ""
            let reason = status.overview.counts.lastAnswer ?? opened?.content.data?["reason"]?.string
            return "\(name) does not answer\(since)\(reason.map { ": \($0)" } ?? ""); \(next)"
        }
        return status.nextTry.map { "\(name) asked to be left alone for \($0.since(now).words) more" }
    }

    private var laneSentences: [String] {
        guard let situation, endpoint.pause == nil else { return [] }
        let lanes = situation.lanes
        var sentences: [String] = []
        if let lane = lanes.heldLane {
            let more =
                lanes.held > 1
                ? "; so \(lanes.held == 2 ? "is 1 other lane" : "are \(lanes.held - 1) other lanes")" : ""
            let letter = heldLetter.map { letter in
                let id = DeadLetterID(endpoint: name, sequence: letter.change.sequence)
                return ", for change \(letter.change.sequence) was refused: \(letter.reason); "
                    + "reeve dead-letters retry \(id) or drop \(id) lets it go on"
            }
            sentences.append("lane \(lane) is held\(letter ?? "")\(more)")
        }
        if lanes.waiting > 0, situation.status.overview.state != .down {
            let next = situation.nextTry.map { " in \($0.since(now).words)" } ?? ""
            let answer = lanes.lastAnswer.map { "; the last answer was \($0)" } ?? ""
            let subject = lanes.waiting.counted("lane waits", "lanes wait")
            sentences.append("\(subject) for another try,\(lanes.waiting > 1 ? " the first" : "")\(next)\(answer)")
        }
        if lanes.sending > 0 {
            let since = situation.sendingSince.map { ", the longest for \(now.since($0).words)" } ?? ""
            sentences.append(
                "\(situation.status.overview.inFlight.counted("request is", "requests are")) under way\(since)"
            )
        }
        if situation.waitingForPlace > 0 {
            let subject = situation.waitingForPlace.counted("of them waits", "of them wait")
            sentences.append("\(subject) for a place: so many requests to all endpoints are under way")
        }
        if lanes.ready > 0, situation.status.overview.state != .down, situation.status.nextTry == nil {
            let most = endpoint.definition.inFlight ?? EndpointSettings(endpoint.definition).inFlight
            let subject = lanes.ready.counted("lane waits", "lanes wait")
            sentences.append(
                "\(subject) for a place; the endpoint takes \(most.counted("request", "requests")) at once"
            )
        }
        if lanes.gathering > 0 {
            let next = situation.nextDrain.map { ", the first to go in \($0.since(now).words)" } ?? ""
            sentences.append("step changes of \(lanes.gathering.counted("lane", "lanes")) gather\(next)")
        }
        return sentences
    }

    private var backlogSentence: String? {
        guard backlog.pending > 0 else { return nil }
        let oldest = backlog.oldest.map { ", the oldest from \($0.ago(now))" } ?? ""
        let what = endpoint.definition.kind == .queue ? "to be fetched" : "for \(name)"
        return "\(backlog.pending.counted("change waits", "changes wait")) \(what)\(oldest)"
    }

    // MARK: What else is known

    private var replay: String? {
        guard let through = endpoint.replayThrough, through > endpoint.cursor else { return nil }
        return "what it had up to change \(through) is sent again; what is newer waits behind that, lane by lane"
    }

    private var deadLetters: String? {
        guard backlog.deadLetters > 0 else { return nil }
        let subject = backlog.deadLetters.counted("dead letter is", "dead letters are")
        return "\(subject) kept: reeve dead-letters ls --endpoint \(name)"
    }

    private var filter: String? {
        guard let filter = endpoint.definition.filter, let counts = situation?.status.overview.counts,
            let text = try? JSONCoder.encode(filter).text
        else { return nil }
        let refused = counts.filtered.counted("change", "changes")
        return "since the part of the agent that delivers began its filter has kept \(refused) from it: \(text)"
    }

    private var muted: String? {
        guard let muted = situation?.status.overview.counts.muted, muted > 0 else { return nil }
        return "\(muted.counted("change was", "changes were")) not sent to it because it was muted then"
    }

    private func at(_ time: Timestamp) -> String { zone.words(for: time) }
}
