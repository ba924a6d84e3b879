import JSON

/// What the server's owner knows: the methods, and what errors are for clients.
///
/// All of it is called on event loops and must be quick.
package protocol Dispatcher: Sendable {
    /// The method of that name. Which other spellings of a name are taken is decided here.
    func method(named name: String) -> Method?

    /// The answer for a name that `method(named:)` does not know.
    func unknown(_ name: String) -> RPCError

    /// The answer for what a method threw.
    func failure(_ error: any Error) -> RPCError

    /// What there is over HTTP beside `/rpc`, by path.
    var pages: [String: HTTPPage] { get }
}

extension Dispatcher {
    package var pages: [String: HTTPPage] { [:] }

    package func unknown(_ name: String) -> RPCError { .unknownMethod(name) }

    package func failure(_ error: any Error) -> RPCError {
        switch error {
        case let error as RPCError: error
        case let problem as InvalidValue: .invalidParams(problem)
        default: .internal(String(describing: error))
        }
    }
}
