import JSON

/// How a service stands, in words.
struct ServiceStanding {
    /// As `service.get`, `service.list` and `service.wait` answer it.
    let item: JSON
    let times: TimeText

    var name: String { item["name"]?.string ?? "?" }
    var status: String { item["status"]?.string ?? (item["removed"] == true ? "removed" : "?") }
    var health: String? { item["health"]?.string }
    var reason: String? { item["reason"]?.string }

    /// It does what it is for, or has done it.
    var isWell: Bool {
        switch status {
        case "running": health != "unhealthy"
        case "completed": true
        default: false
        }
    }

    /// A person has to look at it: it is neither well, nor stopped by hand, nor only on its way.
    var isInTrouble: Bool {
        switch status {
        case "stopped", "stopping": false
        case "starting", "waiting": reason != nil || waitingFor != nil
        default: !isWell
        }
    }

    /// The status, or the health where that is what counts.
    var word: String { health == "unhealthy" ? "unhealthy" : status }

    var style: Style {
        switch status {
        case "running": isWell ? .good : .caution
        case "waiting": nextTry == nil ? .caution : .failure
        default: Style.of(status)
        }
    }

    var healthStyle: Style { health == "unhealthy" ? .failure : health == "healthy" ? .good : .plain }

    /// The time that its present status has been so since.
    private var since: (object: JSON, name: String)? {
        let names: [String] =
            switch status {
            case "running": ["readyAt", "startedAt"]
            case "starting", "stopping": ["startedAt"]
            default: ["stoppedAt"]
            }
        if let name = names.first(where: { item[$0]?.string != nil }) { return (item, name) }
        // One that was stopped before it ever ran.
        return item["stopped"].map { ($0, "at") }
    }

    /// For how long it is so; in a pipe since when.
    var age: String? {
        guard let (object, name) = since else { return nil }
        return times.terminal.isTerminal ? times.remaining(object, name) : times.time(object, name)
    }

    private var waitingFor: String? {
        let names = (item["waitingFor"]?.array ?? []).compactMap(\.string)
        return names.isEmpty ? nil : "waits for " + names.joined(separator: ", ")
    }

    /// What a person has to know first, where there is little room.
    var trouble: String { [word, waitingFor ?? reason ?? note].compactMap(\.self).joined(separator: ": ") }

    private var nextTry: String? {
        guard let time = item["nextTry"]?.string else { return nil }
        return "next try " + (times.terminal.isTerminal ? times.distance(item, "nextTry") ?? time : time)
    }

    private var failures: String? {
        guard let count = item["failures"]?.integer, count > 0 else { return nil }
        return count == 1 ? "1 failure" : "\(count) failures in a row"
    }

    /// What a person wants to know beside the status; `nil` where that says it all.
    var note: String? {
        var parts: [String?]
        switch status {
        case "running":
            // It may be one that fails again and again, caught while it runs.
            parts = [health == "unhealthy" ? reason : nil, item["text"]?.string, failures.map { "after \($0)" }]
        case "starting": parts = [item["text"]?.string ?? "not ready yet", failures.map { "after \($0)" }]
        case "waiting":
            // Why its last process ended is another matter than what it waits for.
            parts = [waitingFor, nextTry, waitingFor == nil ? reason : nil, failures]
        case "stopped":
            // What was said with the request is in the reason, if there was a process to stop.
            parts = [item["cause"]?.string == "requested" ? reason : item["stopped"]?["by"]?.string.map { "by \($0)" }]
        case "completed": parts = [reason]
        case "failed": parts = [reason, (item["failures"]?.integer ?? 0) > 1 ? failures : nil]
        default: parts = [reason]
        }
        let text = parts.compactMap(\.self).joined(separator: "; ")
        return text.isEmpty ? nil : text
    }
}
