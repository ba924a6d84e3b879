package import ReeveProtocol

/// Why something stands still, and until when.
package struct Pause: Sendable, Hashable, Codable {
    /// Who paused it: `uid:1000`, or `agent`.
    package var by: String
    package var at: Timestamp
    /// When it resumes by itself; never if absent.
    package var until: Timestamp?
    package var reason: String?

    package init(by: String, at: Timestamp, until: Timestamp? = nil, reason: String? = nil) {
        self.by = by
        self.at = at
        self.until = until
        self.reason = reason
    }

    /// `by uid:1000: the disk is being replaced`
    package var words: String { "by \(by)" + (reason.map { ": \($0)" } ?? "") }
}
