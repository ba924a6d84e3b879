import NIOConcurrencyHelpers
import ReeveProtocol

/// The configuration that counts now: a reload puts another in its place.
///
/// A part of the agent takes from it what it needs when it starts.
final class LiveConfiguration: Sendable {
    private struct State {
        var configuration: Configuration
        var followers: [@Sendable (Configuration) -> Void] = []
    }

    private let state: NIOLockedValueBox<State>

    init(_ configuration: Configuration) {
        state = NIOLockedValueBox(State(configuration: configuration))
    }

    var current: Configuration { state.withLockedValue(\.configuration) }

    /// Has somebody told of each that comes after this. It must not wait.
    func follow(_ changed: @escaping @Sendable (Configuration) -> Void) {
        state.withLockedValue { $0.followers.append(changed) }
    }

    /// These endpoints are not the configuration's after all.
    func leaveOut(_ endpoints: Set<String>) {
        state.withLockedValue { $0.configuration.endpoints.removeAll { endpoints.contains($0.name) } }
    }

    /// - Parameter configuration: With the present one in the place of what only a start can take over.
    func replace(by configuration: Configuration) {
        let followers = state.withLockedValue { state in
            state.configuration = configuration
            return state.followers
        }
        for follower in followers { follower(configuration) }
    }
}

/// Where an agent's configuration comes from, to be read again.
package struct ConfigurationSource: Sendable {
    /// Reads and checks all of it; throws ``ConfigurationError`` and what else an operator has to read.
    package var read: @Sendable () throws -> (configuration: Configuration, file: String?)
    /// Told of each configuration that counts from then on. It must not wait.
    package var taken: @Sendable (Configuration) -> Void

    package init(
        read: @escaping @Sendable () throws -> (configuration: Configuration, file: String?),
        taken: @escaping @Sendable (Configuration) -> Void
    ) {
        self.read = read
        self.taken = taken
    }
}
