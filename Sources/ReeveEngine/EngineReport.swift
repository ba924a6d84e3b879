/// The state of a manifold, as the contract names it (`engine.report`).
package enum ManifoldState: String, Sendable, Equatable {
    case starting
    case started
    case stopping
    /// Not running: ``ManifoldReport`` says what it waits for, when it is tried next, or why it rests.
    case stopped
    /// Given up after too many failures; a person or a change of an input releases it.
    case failed
}

package enum EngineStatus: String, Sendable, Equatable {
    case started
    case stopping
    case stopped
}

/// One consistent picture of an engine.
package struct EngineReport: Sendable, Equatable {
    package var state: EngineStatus
    /// What ended the engine, if it was an error.
    package var error: String?
    /// In the order of their installation.
    package var manifolds: [ManifoldReport]

    /// The manifold of that name.
    package subscript(_ name: String) -> ManifoldReport? {
        manifolds.first { $0.name == name }
    }

    /// Whether each of these is started.
    package func areStarted(_ names: some Sequence<String>) -> Bool {
        let started = Set(manifolds.lazy.filter { $0.state == .started }.map(\.name))
        return names.allSatisfy(started.contains)
    }
}

package struct ManifoldReport: Sendable, Equatable {
    /// Why a manifold that could run does not.
    package enum Rest: String, Sendable, Equatable {
        case stoppedByHand
        case completed
        case missing
        case failed
    }

    package struct InputReport: Sendable, Equatable {
        package var resource: String
        package var kind: Input.Kind
        /// Who offers it, `nil` while nobody does.
        package var manifold: String?
        package var isPresent: Bool
    }

    package var name: String
    package var state: ManifoldState
    package var inputs: [InputReport]
    /// How often its worker came to run.
    package var starts: Int
    /// Failures in a row.
    package var failures: Int
    /// The last failure. It stays when the manifold runs again and when the engine has ended.
    package var error: String?
    /// When that was, in milliseconds since 1970.
    package var errorTime: Int64?
    /// When the present worker was started, in milliseconds since 1970.
    package var startedTime: Int64?
    /// When it is tried next, in milliseconds since 1970, and how long that is from now.
    package var nextTry: Int64?
    package var retryIn: Duration?
    /// The required inputs that it waits for; while it is stopping, the manifolds that have to stop first.
    package var waitingFor: [String]
    package var rest: Rest?
    /// It was told to stop and did not in time.
    package var isOverdue: Bool
    /// The worker's own report.
    package var report: ReportValue?
}
