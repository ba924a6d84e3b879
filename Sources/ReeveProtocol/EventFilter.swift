import JSON

/// Which changes an endpoint takes: those that match every list that is given.
package struct EventFilter: Sendable, Hashable, Codable {
    /// Types, with `*` for any characters, also for none: `order.*`, `*.failed`.
    package var types: [String]?
    /// Lanes, likewise: `task:backup`, `event:*`.
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
        if let types, !types.contains(where: { Self.matches(change.content.type, $0) }) { return false }
        if let lanes, !lanes.contains(where: { Self.matches(change.lane.name, $0) }) { return false }
        if let labels, !labels.allSatisfy({ data?["labels"]?[$0.key]?.string == $0.value }) { return false }
        let outcome = data?["outcome"]?.string
        if let outcomes, !outcomes.contains(where: { $0.rawValue == outcome }) { return false }
        if changedOnly == true, outcome == nil || outcome == data?["previousOutcome"]?.string { return false }
        if final == true, data?["run"] != nil, outcome == nil { return false }
        return true
    }

    /// Each piece between stars is looked for behind the one before it, as early as it can be; so it takes no longer than
    /// the text times the pattern is long, whatever stands in either.
    private static func matches(_ text: String, _ pattern: String) -> Bool {
        let pieces = pattern.utf8.split(separator: UInt8(ascii: "*"), omittingEmptySubsequences: false)
        guard pieces.count > 1, let first = pieces.first, let last = pieces.last else { return text == pattern }
        var rest = Array(text.utf8)[...]
        guard rest.starts(with: first), rest.count >= first.count + last.count else { return false }
        rest = rest.dropFirst(first.count)
        guard rest.suffix(last.count).elementsEqual(last) else { return false }
        rest = rest.dropLast(last.count)
        for piece in pieces.dropFirst().dropLast() where !piece.isEmpty {
            while !rest.starts(with: piece) {
                guard rest.count > piece.count else { return false }
                rest = rest.dropFirst()
            }
            rest = rest.dropFirst(piece.count)
        }
        return true
    }
}
