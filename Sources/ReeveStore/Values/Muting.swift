/// What an endpoint is not told of, by numbers of the journal: what was recorded while it was muted.
package struct Muting: Sendable, Hashable, Codable {
    /// A time that is over.
    package struct Span: Sendable, Hashable, Codable {
        /// What came behind this number …
        package var after: Int64
        /// … up to this one.
        package var through: Int64
    }

    /// In order; only what the journal still holds is of interest.
    package var past: [Span] = []
    /// Why it is muted now, and until when.
    package var present: Pause?
    /// The last number before that.
    package var after: Int64 = 0

    package init() {}

    package func covers(_ sequence: Int64) -> Bool {
        if present != nil, sequence > after { return true }
        return past.contains { $0.after < sequence && sequence <= $0.through }
    }

    /// It is muted from `head` on, or goes on being muted for another reason.
    mutating func begin(_ pause: Pause, head: Int64) {
        if present == nil { after = head }
        present = pause
    }

    /// - Parameter first: The first number that the journal holds.
    mutating func end(head: Int64, first: Int64) {
        guard present != nil else { return }
        present = nil
        if head > after { past.append(Span(after: after, through: head)) }
        past.removeAll { $0.through < first }
    }
}
