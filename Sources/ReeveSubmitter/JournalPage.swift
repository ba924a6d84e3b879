import JSON
package import ReeveProtocol

/// A piece of the journal, or of one lane of it, as one read found it.
package struct JournalPage: Sendable {
    /// In order.
    package var changes: [StateChange]
    /// Whether nothing came after them when they were read.
    package var isEnd: Bool
    /// The journal's last number when they were read.
    package var head: Int64

    package init(changes: [StateChange], isEnd: Bool, head: Int64) {
        self.changes = changes
        self.isEnd = isEnd
        self.head = head
    }
}

extension DeliveryJournal {
    /// A page as that endpoint is to see it: in its lane, what comes after a fact about the endpoint itself, of which
    /// it never hears, follows what was before that fact. Else it would look as if something were missing.
    func page(
        after sequence: Int64,
        of lane: Lane?,
        for endpoint: String,
        limit: Int,
        bytes: Int
    ) async throws -> JournalPage {
        var page = try await page(after: sequence, of: lane, limit: limit, bytes: bytes)
        for (index, change) in page.changes.enumerated() where change.lane == .agent && change.previous != nil {
            guard !change.isAbout(endpoint: endpoint) else { continue }
            page.changes[index].previous = try await previous(of: change, for: endpoint)
        }
        return page
    }

    private func previous(of change: StateChange, for endpoint: String) async throws -> Int64? {
        var change = change
        while let previous = change.previous {
            let before = try await page(after: previous - 1, of: change.lane, limit: 1, bytes: 1).changes.first
            // One that is there no more is taken for one that the endpoint has heard of.
            guard let before, before.sequence == previous, before.isAbout(endpoint: endpoint) else { return previous }
            change = before
        }
        return nil
    }
}

extension StateChange {
    /// About how many bytes it takes in memory and in a body.
    var weight: Int {
        256 + content.summary.utf8.count + (content.data?.weight ?? 0)
    }
}

extension JSON {
    fileprivate var weight: Int {
        switch self {
        case .null, .bool: 8
        case .number(let text), .string(let text): 16 + text.utf8.count
        case .array(let elements): elements.reduce(16) { $0 + $1.weight }
        case .object(let object): object.members.reduce(16) { $0 + $1.name.utf8.count + $1.value.weight }
        }
    }
}
