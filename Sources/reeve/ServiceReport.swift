import JSON
import JSONRPC
import ReeveProtocol

/// Says what became of services, and why where it is not what was asked for.
struct ServiceReport {
    let session: Session
    /// What was done to them, where their status does not say it: `added`.
    let done: String?

    private var prefix: String { done.map { "\($0), but " } ?? "" }

    /// - Returns: Whether it is well.
    func tell(_ name: String, _ end: ServiceWatch.End) async throws -> Bool {
        switch end {
        case .settled(let item):
            let isFailed = item["status"]?.string == "failed"
            if !session.printJSON(item) {
                say(name, item)
                if isFailed { try await explain(name) }
            }
            return !isFailed
        case .ended(let item):
            if !session.printJSON(item) {
                try await tellFailure(name, item)
            }
            return false
        case .late(let error, let words):
            if session.wantsJSON { throw error }
            Standard.say("\(name): \(prefix)\(words)")
            try await explain(name)
            return false
        }
    }

    private func tellFailure(_ name: String, _ item: JSON) async throws {
        guard let reason = item["reason"]?.string else {
            Standard.say("\(name): \(prefix)failed, and is tried again")
            return try await explain(name)
        }
        let next = session.times.distance(item, "nextTry").map { "; next try \($0)" } ?? ""
        let length = item["stoppedAt"]?.string.flatMap { _ in session.times.took(item) }
        let what = length.map { "ended after \($0)" } ?? "failed to start"
        Standard.say("\(name): \(prefix)\(what): \(Table.clean(reason))\(next)")
        try await tellLastLines(name)
    }

    private func say(_ name: String, _ item: JSON) {
        let standing = ServiceStanding(item: item, times: session.times)
        var facts = [standing.status]
        if let health = standing.health, health != "unknown" { facts.append(health) }
        if let pid = item["pid"]?.integer { facts.append("pid \(pid)") }
        if let took = readyAfter(item) { facts.append("ready after \(took)") }
        // Whoever stopped it need not be told who did; why it has failed is explained below.
        let isBare = ["stopped", "failed"].contains(standing.status)
        let note = isBare ? "" : standing.note.map { ": \(Table.clean($0))" } ?? ""
        Standard.say("\(name): \(done.map { "\($0), " } ?? "")\(facts.joined(separator: ", "))\(note)")
    }

    /// Only where it took long enough to be noticed.
    private func readyAfter(_ item: JSON) -> String? {
        guard item["status"]?.string == "running",
            let start = item["startedAt"]?.string.flatMap({ Timestamp($0) }),
            let ready = item["readyAt"]?.string.flatMap({ Timestamp($0) }),
            ready.since(start).milliseconds >= 50
        else { return nil }
        return session.times.took(item, to: "readyAt")
    }

    /// Why, through what it waits for, and the end of what it wrote.
    private func explain(_ name: String) async throws {
        let answer = try await session.call("service.why", ["service": .string(name)])
        for reason in (answer["reasons"]?.array ?? []).compactMap(\.string) { Standard.say("  " + Table.clean(reason)) }
        try await tellLastLines(name)
    }

    private func tellLastLines(_ name: String) async throws {
        let pieces = try await OutputSource(service: name, session).tail(lines: 5).pieces
        let lines = String(decoding: pieces.flatMap(\.bytes), as: UTF8.self).split(separator: "\n")
        guard !lines.isEmpty else { return }
        Standard.say("  it wrote last (reeve service logs \(name)):")
        for line in lines { Standard.say("  │ " + Table.clean(String(line))) }
    }
}
