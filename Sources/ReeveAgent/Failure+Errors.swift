import JSON
import JSONRPC
import ReeveProcess
import ReeveProtocol
import ReeveStore

extension Failure {
    /// What went wrong, as the socket tells it; `nil` if that has no word of its own.
    init?(telling error: any Error) {
        switch error {
        case let failure as Failure: self = failure
        case let problem as InvalidValue: self.init(problem)
        case let error as StoreError: self.init(error)
        case let error as SpoolError: self.init(.storage, error.description, reason: error.description)
        default: return nil
        }
    }

    /// A step was named that the run does not have.
    static func noStep(_ name: String, of run: Run) -> Failure {
        Failure(
            InvalidValue(
                path: "/step",
                reason: "run \(run.shortName) has no step \"\(name)\"",
                expected: run.steps.map(\.name).joined(separator: ", ")
            )
        )
    }

    /// What the store could not do, as the socket tells it.
    init(_ error: StoreError) {
        switch error.code {
        case .conflict(let conflict):
            var details = JSONObject()
            details["current"] = conflict.current.map { .number(String($0)) }
            details["owner"] = conflict.owner.map(JSON.string)
            self.init(
                .conflict,
                error.message,
                path: conflict.index.map { "/events/\($0)" },
                reason: error.message,
                details: details
            )
        case .notFound: self.init(.notFound, error.message, reason: error.message)
        case .limit: self.init(.limit, error.message, reason: error.message)
        case .backwards: self.init(.invalidState, error.message, reason: error.message)
        case .storage:
            self.init(
                .storage,
                error.message,
                reason: error.message,
                hint: error.isFullDisk ? "make room on the disk of the state directory; nothing was changed" : nil
            )
        case .outcomeUnknown:
            self.init(
                .storage,
                error.message,
                reason: "whether it was done cannot be known",
                hint: "ask again what is there before you repeat it"
            )
        case .closed, .held, .newerSchema, .damaged:
            self = Parts.unavailable("store", "is restarting: \(error.message)")
        case .unexpected: self.init(.internal, error.message, reason: error.message)
        }
    }
}

extension SubscriptionEnd {
    /// - Parameter next: Where to go on.
    init(_ error: any Error, next: String) {
        self.init(cause: Failure(telling: error)?.kind.rawValue ?? Self.stopping, next: .string(next))
    }
}
