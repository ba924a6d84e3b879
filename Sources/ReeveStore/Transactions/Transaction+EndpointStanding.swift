import GRDB
package import JSON
import ReeveProtocol

/// What people, and the agent, put to endpoints for a time or for good, and what is told of it.
extension Transaction {
    /// Nothing is sent to an endpoint until it is resumed; tells of it. Throws `notFound`.
    package func pauseEndpoint(_ name: String, _ pause: Pause) throws {
        guard try existingEndpoint(name).pause != pause else { return }
        try database.run(
            "UPDATE endpoints SET paused = ? WHERE name = ?",
            [try .encoded(pause), .text(name)]
        )
        try appendStanding(name, "paused", pause)
    }

    /// From now on what is recorded is not sent to an endpoint, until it is resumed; tells of it. Throws `notFound`.
    package func muteEndpoint(_ name: String, _ pause: Pause) throws {
        var muting = try existingEndpoint(name).muting
        muting.begin(pause, head: try head())
        try setMuting(name, muting)
        try appendStanding(name, "muted", pause)
    }

    /// Ends the pause and the muting of an endpoint as far as `ends` says so, and tells of it, if there was any. Throws
    /// `notFound`.
    package func resumeEndpoint(_ name: String, by: String, ends: (Pause) -> Bool = { _ in true }) throws {
        let endpoint = try existingEndpoint(name)
        let (endsPause, endsMuting) = (endpoint.pause.map(ends) == true, endpoint.muting.present.map(ends) == true)
        guard endsPause || endsMuting else { return }
        if endsPause { try database.run("UPDATE endpoints SET paused = NULL WHERE name = ?", [.text(name)]) }
        if endsMuting {
            var muting = endpoint.muting
            muting.end(head: try head(), first: try firstSequence() ?? .max)
            try setMuting(name, muting)
        }
        var data: JSONObject = ["by": .string(by)]
        if endpoint.pause != nil, !endsPause { data["still"] = "paused" }
        if endpoint.muting.present != nil, !endsMuting { data["still"] = "muted" }
        try appendFact(of: name, "resumed", "endpoint \(name) resumed by \(by)", data)
        tell(.endpoints)
    }

    private func setMuting(_ name: String, _ muting: Muting) throws {
        let sql = "UPDATE endpoints SET muting = ? WHERE name = ?"
        try database.run(sql, [try .encoded(muting), .text(name)])
    }

    private func appendStanding(_ name: String, _ what: String, _ pause: Pause) throws {
        var data: JSONObject = ["by": .string(pause.by)]
        data["reason"] = pause.reason.map(JSON.string)
        data["until"] = pause.until.map { .string($0.description) }
        try appendFact(of: name, what, "endpoint \(name) \(what) \(pause.words)", data)
        tell(.endpoints)
    }

    /// Tells a fact about an endpoint, which hears of all but that.
    /// - Parameter data: What there is to know beside the endpoint's name.
    package func appendFact(of endpoint: String, _ what: String, _ summary: String, _ data: JSONObject) throws {
        let content = StateChange.Content(
            type: EventType.endpoint(what),
            subject: endpoint,
            time: now,
            summary: summary,
            data: .object(JSONObject([.init(name: "endpoint", value: .string(endpoint))] + data.members))
        )
        try append(lane: .agent, content)
    }
}
