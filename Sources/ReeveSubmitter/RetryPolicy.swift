import Glibc
package import ReeveProtocol

/// How long to wait before a try is repeated: a pure function of how many have failed.
///
/// By default 1 s, growing by 1.3 up to 30 s, each 0 to 20 % longer by chance.
package struct RetryPolicy: Sendable, Equatable {
    /// After the first failure.
    package var delay: Duration
    /// 1 or more.
    package var factor: Double
    /// The longest wait, before chance makes it longer.
    package var maximum: Duration
    /// Tries of what the receiver refuses, before it is given up.
    package var limit: Int

    /// The part by which chance may make a wait longer.
    static let jitter = 0.2

    package init(_ definition: RetryDefinition? = nil) {
        delay = definition?.delay?.duration ?? .seconds(1)
        factor = definition?.factor ?? 1.3
        maximum = max(definition?.maximum?.duration ?? .seconds(30), delay)
        limit = definition?.limit ?? 5
    }

    /// - Parameters:
    ///   - failures: How many tries have failed in a row, from 1. However many: it saturates at ``maximum``.
    ///   - chance: From 0 up to 1.
    package func wait(afterFailures failures: Int, chance: Double) -> Duration {
        // Infinite for a large exponent, which the maximum cuts.
        let grown = delay / .seconds(1) * pow(factor, Double(max(failures, 1) - 1))
        let seconds = min(grown, maximum / .seconds(1)) * (1 + Self.jitter * chance)
        return .seconds(seconds)
    }
}
