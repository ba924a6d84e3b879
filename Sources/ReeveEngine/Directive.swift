/// What an ended worker, or a start that failed, tells the engine to do next.
///
/// Thrown as it is, or by an error of one's own that conforms to ``DirectingError``. Any other error is a failure: tried
/// again after the error delay.
package enum Directive: Error, Sendable, Equatable {
    /// Start it again after the bounce delay: what it offers has changed. Not a failure.
    case bounce
    /// Remove the manifold.
    case uninstall
    /// It cannot run with the inputs as they are: try again when one of them changes. Says what is missing.
    case missing(String)
}

/// An error that carries a directive, for instance one that wraps another.
package protocol DirectingError: Error {
    /// `nil`: an ordinary failure.
    var directive: Directive? { get }
}

extension Directive: DirectingError {
    package var directive: Directive? { self }
}
