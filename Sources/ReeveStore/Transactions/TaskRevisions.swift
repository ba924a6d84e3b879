import ReeveProtocol

/// Which revision a task that is put gets (protocol, "A task").
struct TaskRevisions {
    private let stored: StoredTask?

    init(_ stored: StoredTask?) {
        self.stored = stored
    }

    /// A task that is there belongs to its source.
    func ownership(_ stored: StoredTask, _ source: String) -> StoreError? {
        guard stored.source != source else { return nil }
        return StoreError(
            .conflict(StoreError.Conflict(current: stored.revision, owner: stored.source)),
            "task \"\(stored.id)\" belongs to \(stored.source) and can be changed only from there"
        )
    }

    /// Two sets that have the same task would remove each other's.
    func membership(_ stored: StoredTask, _ set: String?) -> StoreError? {
        guard let set, let other = stored.set, other != set else { return nil }
        return conflict(
            "task \"\(stored.id)\" is in the set \"\(other)\" and can be in no other: remove it first",
            stored.revision
        )
    }

    /// The new revision; `nil` when the same is there already.
    func revision(of definition: TaskDefinition, ifRevision: Int?) throws(StoreError) -> Int? {
        let current = stored.map { $0.removed ? 0 : $0.revision } ?? 0
        if let ifRevision, ifRevision != current {
            throw conflict("task \"\(definition.id)\" has revision \(current), not \(ifRevision)", current)
        }
        guard let stored else { return definition.revision ?? 1 }
        guard let given = definition.revision else {
            return isSame(definition, stored) && !stored.removed ? nil : stored.revision + 1
        }
        guard given >= stored.revision else {
            let message = "revision \(given) of task \"\(definition.id)\" is older than the current, \(stored.revision)"
            throw conflict(message, stored.revision)
        }
        guard given == stored.revision else { return given }
        guard isSame(definition, stored) else {
            let message = "task \"\(definition.id)\" has a revision \(given) already, with other content"
            throw conflict(message, stored.revision)
        }
        return stored.removed ? given : nil
    }

    private func isSame(_ definition: TaskDefinition, _ stored: StoredTask) -> Bool {
        var definition = definition
        definition.revision = stored.revision
        return definition == stored.definition
    }

    private func conflict(_ message: String, _ current: Int) -> StoreError {
        StoreError(.conflict(StoreError.Conflict(current: current)), message)
    }
}
