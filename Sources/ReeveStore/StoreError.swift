/// Why the store did not do what it was asked.
package struct StoreError: Error, Sendable, Hashable {
    package enum Code: Sendable, Hashable {
        /// Another process has the state directory; its pid, if it could be read.
        case held(by: Int?)
        /// The database was made by a newer version of reeve.
        case newerSchema
        /// The database file cannot be read as one.
        case damaged
        /// The disk is full or failing: nothing was changed.
        case storage
        /// Writing the commit itself failed: after a crash the change may be there or not.
        case outcomeUnknown
        /// What is there already stands in the way.
        case conflict(Conflict)
        case notFound
        /// More was asked for than one call may do.
        case limit
        /// A state would have gone back, or something of a stopped run would have changed.
        case backwards
        /// The store is closing or closed: nothing was changed.
        case closed
        /// A defect of ours, such as a constraint that a write broke: nothing was changed.
        case unexpected
    }

    /// What stands in the way, as far as it applies.
    package struct Conflict: Sendable, Hashable {
        /// The current revision; 0 where there is no such task.
        package var current: Int?
        /// The source that the task belongs to.
        package var owner: String?
        /// Which of the published events, from 0.
        package var index: Int?

        package init(current: Int? = nil, owner: String? = nil, index: Int? = nil) {
            self.current = current
            self.owner = owner
            self.index = index
        }
    }

    package var code: Code
    /// Of `storage`: there is no room. The store goes on and the next write tries again.
    package internal(set) var isFullDisk = false
    /// A sentence for a person, without a full stop.
    package var message: String

    package init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }
}

extension StoreError: CustomStringConvertible {
    package var description: String { message }
}

extension StoreError {
    static func notFound(_ what: String, _ name: String) -> StoreError {
        StoreError(.notFound, "there is no \(what) \"\(name)\"")
    }

    static var closed: StoreError { StoreError(.closed, "the store is closed") }
}
