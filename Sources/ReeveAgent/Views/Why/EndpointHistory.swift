import JSON
import ReeveProtocol
import ReeveScheduler
import ReeveStore

/// Says how an endpoint stood at a time in the past, from what was told of it and of the agent.
struct EndpointHistory: Sendable {
    let endpoint: StoredEndpoint
    /// What was told of the endpoint, and of the agent, in their order.
    let facts: [StateChange]
    /// What was before this is not known: the journal holds it no more, or too much came after it.
    let knownSince: Timestamp?
    let at: Timestamp
    let now: Timestamp
    let zone: Zone

    /// - Parameters:
    ///   - about: What was told of the endpoint, the newest first.
    ///   - agent: What was told of the agent, likewise.
    ///   - depth: How many of each were asked for at most.
    ///   - journalBegins: When the first change was recorded that the journal holds.
    init(
        endpoint: StoredEndpoint,
        about: [StateChange],
        agent: [StateChange],
        depth: Int,
        journalBegins: Timestamp?,
        at: Timestamp,
        now: Timestamp,
        zone: Zone
    ) {
        self.endpoint = endpoint
        facts = (about + agent).sorted { $0.sequence < $1.sequence }
        let oldest = [about, agent].map { $0.count < depth ? nil : $0.last?.recordedAt }
        knownSince = ([journalBegins] + oldest).compactMap(\.self).max()
        self.at = at
        self.now = now
        self.zone = zone
    }

    /// Something that held for a time.
    private struct Span {
        var fact: StateChange
        var end: StateChange?
    }

    var standing: EndpointStanding {
        if at < endpoint.createdAt { return .absent }
        if stopped != nil { return .stopped }
        if paused != nil { return .paused }
        if down != nil { return .down }
        return muted != nil ? .muted : .idle
    }

    var reasons: [String] {
        guard at >= endpoint.createdAt else {
            return ["there was no endpoint \(name) then: it was made at \(words(endpoint.createdAt)) by \(endpoint.by)"]
        }
        var reasons: [String] = []
        if let stopped { reasons.append("the agent did not run then" + length(stopped, "it started again")) }
        if let paused { reasons.append("\(name) was paused\(by(paused))" + length(paused, "it was resumed")) }
        if let down {
            let reason = down.fact.content.data?["reason"]?.string.map { ": \($0)" } ?? ""
            reasons.append("\(name) did not answer\(reason)" + length(down, "it answered again"))
        }
        if let muted { reasons.append("\(name) was muted\(by(muted))" + length(muted, "it was resumed")) }
        if let crash {
            reasons.append("the agent had crashed before \(words(crash.content.time)): it may not have run then")
        }
        if reasons.isEmpty { reasons.append("nothing is known that kept \(name) from getting its changes then") }
        if let lost { reasons.append("the last before that: \(lost.content.summary), at \(words(lost.content.time))") }
        if let knownSince, at < knownSince {
            reasons.append("what was told of it is known since \(words(knownSince)) only")
        }
        return reasons
    }

    func json(showing shown: Zone?) -> JSON {
        let reasons = reasons
        var object: JSONObject = ["endpoint": .string(name), "status": .string(standing.rawValue)]
        object["at"] = at.json
        object["summary"] = .string(reasons[0])
        object["reasons"] = .array(reasons.map(JSON.string))
        let spans = [stopped, paused, down, muted].compactMap(\.self)
        if let span = spans.first, at >= endpoint.createdAt {
            object["since"] = span.fact.content.time.json
            object["until"] = span.end?.content.time.json ?? .null
        }
        return .object(object.withLocalTimes("at", "since", "until", zone: shown))
    }

    private var name: String { endpoint.name }

    // MARK: What held then

    /// From the last that began before, and was not ended before, up to what ended it.
    private func span(from began: (StateChange) -> Bool, to ended: (StateChange) -> Bool) -> Span? {
        let before = facts.prefix { $0.content.time <= at }
        guard let index = before.lastIndex(where: { began($0) || ended($0) }), began(before[index]) else { return nil }
        return Span(fact: before[index], end: facts[(index + 1)...].first(where: ended))
    }

    private var stopped: Span? {
        span(
            from: { isOf($0, EventType.agent("stopping")) },
            to: { isOf($0, EventType.agent("started")) || isOf($0, EventType.agent("crashed")) }
        )
    }

    /// The next that was told of the agent is that it had crashed, nobody knows when.
    private var crash: StateChange? {
        let next = facts.first { $0.content.time > at && $0.content.type.hasPrefix(EventType.agent("")) }
        return next.flatMap { isOf($0, EventType.agent("crashed")) ? $0 : nil }
    }

    private var down: Span? { span(from: { isFact($0, "opened") }, to: { isFact($0, "closed") }) }

    private var paused: Span? { span(from: { isFact($0, "paused") }, to: { isResumed($0, but: "paused") }) }

    private var muted: Span? { span(from: { isFact($0, "muted") }, to: { isResumed($0, but: "muted") }) }

    /// What it last refused, or did not get any more.
    private var lost: StateChange? {
        facts.last { $0.content.time <= at && (isFact($0, "refused") || isFact($0, "expired")) }
    }

    private func isResumed(_ change: StateChange, but still: String) -> Bool {
        isFact(change, "resumed") && change.content.data?["still"]?.string != still
    }

    private func isFact(_ change: StateChange, _ what: String) -> Bool { isOf(change, EventType.endpoint(what)) }

    private func isOf(_ change: StateChange, _ type: String) -> Bool { change.content.type == type }

    // MARK: Words

    private func by(_ span: Span) -> String {
        let data = span.fact.content.data
        return (data?["by"]?.string.map { " by \($0)" } ?? "") + (data?["reason"]?.string.map { ": \($0)" } ?? "")
    }

    private func length(_ span: Span, _ ended: String) -> String {
        let start = span.fact.content.time
        guard let end = span.end?.content.time else { return ", since \(words(start)); that is so still" }
        return ", since \(words(start)); \(ended) at \(words(end)), \(end.since(start).words) later"
    }

    private func words(_ time: Timestamp) -> String { zone.words(for: time) }
}
