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
