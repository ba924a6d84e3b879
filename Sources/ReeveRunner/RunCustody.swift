import NIOConcurrencyHelpers

/// Which of the runs that go on this agent has begun; it outlives a restart of the runner and of the store.
///
/// A process of such a run is known to the agent if there is one: what is not known was not started.
package final class RunCustody: Sendable {
    private let runs = NIOLockedValueBox<Set<String>>([])

    package init() {}

    func begin(_ run: String) {
        runs.withLockedValue { _ = $0.insert(run) }
    }

    func end(_ run: String) {
        runs.withLockedValue { _ = $0.remove(run) }
    }

    func has(_ run: String) -> Bool {
        runs.withLockedValue { $0.contains(run) }
    }
}
