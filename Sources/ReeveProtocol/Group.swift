package import JSON

/// Tasks that share a limit of how many runs of theirs go on at once.
package struct GroupDefinition: Sendable, Hashable, Codable {
    /// `[A-Za-z0-9._-]{1,64}`, or ``everything``.
    package var name: String
    /// Runs at once, 0 to 10,000; 0: none begins. Absent: as many as the agent starts; of ``everything``: as many as the
    /// configuration says.
    package var limit: Int?

    package enum CodingKeys: String, CodingKey, CaseIterable { case name, limit }

    package init(name: String, limit: Int? = nil) {
        self.name = name
        self.limit = limit
    }

    /// The name of what all runs are in; no task may give it as its group.
    package static let everything = "*"

    package func problems() -> [InvalidValue] {
        (name == Self.everything ? [] : Self.nameProblems(name, "/name")) + Self.limitProblems(limit, "/limit")
    }

    package static func nameProblems(_ name: String, _ path: String) -> [InvalidValue] {
        ReeveProtocol.nameProblems(name, "is not a group's name", longest: 64, at: path)
    }

    package static func limitProblems(_ limit: Int?, _ path: String) -> [InvalidValue] {
        rangeProblems(limit, 0...10_000, at: path)
    }
}

/// Parameters of `group.put`.
package struct GroupPutParameters: Sendable, Decodable {
    package var group: GroupDefinition

    package enum CodingKeys: String, CodingKey, CaseIterable { case group }
}
