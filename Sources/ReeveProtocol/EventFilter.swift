import JSON

/// Which changes an endpoint takes: those that match every list that is given.
package struct EventFilter: Sendable, Hashable, Codable {
    /// Exact types, or with `*` for any characters at the end: `order.*`.
    package var types: [String]?
    /// Lanes, with `*` likewise: `task:backup`, `event:*`.
    package var lanes: [String]?
    /// Every one of these must be among the labels of the change's task.
    package var labels: [String: String]?
    /// Only runs that ended so. Changes that are no ended run do not match.
    package var outcomes: [Outcome]?
    /// Only runs whose outcome differs from the one before.
    package var changedOnly: Bool?
    /// Only the last change of a run, and what is no run.
    package var final: Bool?

    package enum CodingKeys: String, CodingKey, CaseIterable {
        case types, lanes, labels, outcomes, changedOnly, final
    }

    package init(types: [String]? = nil) {
        self.types = types
    }

    package func takes(_ change: StateChange) -> Bool {
        let data = change.content.data
        if let types, !types.contains(where: { matches(change.content.type, $0) }) { return false }
        if let lanes, !lanes.contains(where: { matches(change.lane.name, $0) }) { return false }
        if let labels, !labels.allSatisfy({ data?["labels"]?[$0.key]?.string == $0.value }) { return false }
        let outcome = data?["outcome"]?.string
        if let outcomes, !outcomes.contains(where: { $0.rawValue == outcome }) { return false }
        if changedOnly == true, outcome == nil || outcome == data?["previousOutcome"]?.string { return false }
        if final == true, data?["run"] != nil, outcome == nil { return false }
        return true
    }

    private func matches(_ text: String, _ pattern: String) -> Bool {
        pattern.hasSuffix("*") ? text.hasPrefix(pattern.dropLast()) : text == pattern
    }
}
