/// Which errors of a worker end the whole engine, and with what.
package struct FatalErrors: Sendable {
    /// Asked for each error that ended a worker or a start, after the manifold's filter. Must not block.
    package var isFatal: @Sendable (any Error) -> Bool
    /// Which of two fatal errors the engine ends with: the newer and the one kept so far.
    package var worst: @Sendable (_ newer: any Error, _ previous: any Error) -> any Error
    /// Turns the fatal error into the one that `Engine.run()` throws. Not asked when there is none.
    package var filter: @Sendable (any Error) -> any Error

    /// Nothing is fatal unless told otherwise; of several the first counts.
    package init(
        isFatal: @escaping @Sendable (any Error) -> Bool = { _ in false },
        worst: @escaping @Sendable (any Error, any Error) -> any Error = { _, previous in previous },
        filter: @escaping @Sendable (any Error) -> any Error = { $0 }
    ) {
        self.isFatal = isFatal
        self.worst = worst
        self.filter = filter
    }
}
