import NIOConcurrencyHelpers
package import ReeveProcess

/// Which of the runs that go on this agent has begun, and what each has taken for its output; it outlives a restart of
/// the runner and of the store.
///
/// A process of such a run is known to the agent if there is one: what is not known was not started.
package final class RunCustody: Sendable {
    private let outputPerRun: @Sendable () -> Int
    private let total: SpoolBudget
    private let runs = NIOLockedValueBox<[String: SpoolBudget]>([:])

    /// - Parameters:
    ///   - outputPerRun: Bytes kept of the output of all steps of a run, asked when it begins.
    ///   - total: The room for that of all runs that are not removed yet.
    package init(outputPerRun: @escaping @Sendable () -> Int, within total: SpoolBudget) {
        self.outputPerRun = outputPerRun
        self.total = total
    }

    /// Answers the room for the run's output: the same until the run ends.
    @discardableResult
    func begin(_ run: String) -> SpoolBudget {
        runs.withLockedValue { runs in
            let budget = runs[run] ?? SpoolBudget(limit: outputPerRun(), within: total)
            runs[run] = budget
            return budget
        }
    }

    func end(_ run: String) {
        runs.withLockedValue { _ = $0.removeValue(forKey: run) }
    }

    func has(_ run: String) -> Bool {
        runs.withLockedValue { $0[run] != nil }
    }
}
