/// One attempt to run a manifold: from the start to the end of its worker. Never used twice.
package struct Attempt: Sendable, Hashable {
    package let manifold: String
    package let number: UInt64
    let node: Int

    package static func == (left: Attempt, right: Attempt) -> Bool { left.number == right.number }

    package func hash(into hasher: inout Hasher) { hasher.combine(number) }
}

/// What the machine wants done, in this order.
package enum EngineAction: Sendable, Equatable {
    /// Call the manifold's start.
    case start(Attempt)
    /// Cancel the start, or tell the worker to stop.
    case stop(Attempt)
    /// It was told to stop and did not in time: cancel its task.
    case cancel(Attempt)
    /// The attempt's outputs are there from now on.
    case present(Attempt)
    /// These resources are away from now on.
    case absent([String])
    /// The manifold is gone.
    case remove(String)
    /// Nobody offers or wants this resource any more.
    case forget(String)
    /// Tell who wants to know.
    case tell(Transition)
    /// Everything has stopped, but for what is named.
    case finish(left: [String])
}

/// How an attempt ended.
package enum Outcome: Sendable, Equatable {
    /// Ended by itself, without error.
    case completed
    case failed(String)
    case bounced
    case uninstalled
    case missing(String)
    /// An error that ends the engine.
    case fatal(String)

    var message: String? {
        switch self {
        case .failed(let message), .missing(let message), .fatal(let message): message
        case .completed, .bounced, .uninstalled: nil
        }
    }
}

/// A manifold changed its state.
package struct Transition: Sendable, Equatable {
    package let manifold: String
    package let state: ManifoldState
    /// Why it is as it is, for a person; `nil` when there is nothing to say.
    package let reason: String?
    /// It failed just now; how often in a row. 0 otherwise.
    package let failures: Int
    /// How long until the next try, if one is due.
    package let retryIn: Duration?
    /// Why it rests though it could run.
    package let rest: ManifoldReport.Rest?
}
