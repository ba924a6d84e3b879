package import ReeveProtocol
package import ReeveStore

/// What the configuration says on when runs may begin.
package struct RunLimits: Sendable {
    /// Runs at once, at least 1, where no other number was put.
    package var concurrency: Int
    /// How late a run may begin whose task does not say that.
    package var startBy: Interval?
    /// Runs of a group at once, by its name.
    package var groups: [String: Int]

    package init(concurrency: Int, startBy: Interval? = nil, groups: [String: Int] = [:]) {
        self.concurrency = concurrency
        self.startBy = startBy
        self.groups = groups
    }

    /// The groups' limits, where those that were put count more than these; one without a limit has no entry.
    package func groups(with stored: [StoredGroup]) -> [String: Int] {
        stored.filter { $0.definition.name != GroupDefinition.everything }
            .reduce(into: groups) { $0[$1.definition.name] = $1.definition.limit }
    }

    /// How many runs may be at once, of any task; 0: none begins.
    package func places(with stored: [StoredGroup]) -> Int {
        stored.first { $0.definition.name == GroupDefinition.everything }?.definition.limit ?? concurrency
    }
}
