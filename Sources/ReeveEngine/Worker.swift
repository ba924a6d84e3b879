/// A running thing that the engine keeps: told to stop, waited for, asked how it is.
///
/// It need not be a task; it stands for anything that is valid for a while. A worker must bear being stopped and
/// started again at any moment.
package protocol Worker: Sendable {
    /// Asks the worker to end. Returns at once, may be called from anywhere and more than once.
    func stop()

    /// Returns when the worker has ended, and throws what ended it.
    ///
    /// The engine calls this exactly once, in a task of its own, as soon as the worker is there: the worker may do all
    /// its work in here. The task is cancelled when the stop limit has passed. What it throws decides what comes next:
    /// see ``Directive``.
    func wait() async throws

    /// What a person wants to know about it; `nil` for nothing. The engine asks with a time limit.
    func report() async -> ReportValue?
}

extension Worker {
    package func report() async -> ReportValue? { nil }
}
