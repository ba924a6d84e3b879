package import JSON

/// A change as it is delivered: CloudEvents 1.0 in JSON, with reeve's extension attributes.
package enum CloudEvent {
    /// The event of the changes of one lane that are sent at once: it has the id, number and type of the last.
    ///
    /// `changes` are consecutive in their lane and not empty. One that is in no journal, to test an endpoint, has number 0.
    /// `agent` is the agent's name. `isRedelivered` says that the receiver got or refused it before, and that somebody asked
    /// for it again.
    package static func submission(_ changes: [StateChange], agent: String, isRedelivered: Bool = false) -> JSON {
        let last = changes[changes.count - 1]
        let content = last.content
        var event = JSONObject()
        event["specversion"] = "1.0"
        event["id"] = .string(last.id)
        event["source"] = .string(content.source ?? "/agents/\(agent)")
        event["type"] = .string(content.type)
        event["subject"] = content.subject.map(JSON.string)
        event["time"] = .string(content.time.description)
        if content.data != nil || content.source == nil { event["datacontenttype"] = "application/json" }
        event["lane"] = .string(last.lane.name)
        if last.sequence > 0 {
            event["sequence"] = .string(sequenceText(last.sequence))
            event["previous"] = .string(changes[0].previous.map(sequenceText) ?? "")
        }
        if isRedelivered { event["redelivered"] = true }
        event["publisherid"] = content.publisherID.map(JSON.string)
        event["data"] = data(of: last, changes)
        return .object(event)
    }

    /// The event of one change by itself, as `event.list` shows it.
    package static func single(_ change: StateChange, agent: String) -> JSON {
        submission([change], agent: agent)
    }

    private static func data(of last: StateChange, _ changes: [StateChange]) -> JSON? {
        guard last.content.source == nil else { return last.content.data }
        var data = JSONObject([.init(name: "summary", value: .string(last.content.summary))])
        data.members += last.content.data?.object?.members ?? []
        data["changes"] = .array(changes.map { entry($0, isLast: $0.sequence == last.sequence) })
        return .object(data)
    }

    /// One of the changes that are told together; what the last one says is the event's own data.
    private static func entry(_ change: StateChange, isLast: Bool) -> JSON {
        var entry: JSONObject = [
            "id": .string(change.id), "sequence": .string(sequenceText(change.sequence)),
            "what": .string(change.content.summary),
        ]
        guard !isLast else { return .object(entry) }
        entry["time"] = .string(change.content.time.description)
        // The run is the same, and so is what its task says.
        let common = ["task", "run", "number", "labels"]
        entry.members += (change.content.data?.object?.members ?? []).filter { !common.contains($0.name) }
        return .object(entry)
    }
}
