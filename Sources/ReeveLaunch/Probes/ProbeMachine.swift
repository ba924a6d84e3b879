package import ReeveProtocol

/// What one try of a probe found.
package enum ProbeResult: Sendable, Equatable {
    case success
    /// Why, for people: `nobody listens at localhost:80`.
    case failure(String)
}

/// Turns the tries of a probe into health: one success is healthy, several failures in a row are unhealthy.
package struct ProbeMachine: Sendable {
    package enum Verdict: Sendable, Equatable {
        case healthy
        case unhealthy(String)
    }

    private let threshold: Int
    private let startPeriod: Duration
    private var failures = 0
    private var hasSucceeded = false
    /// As it was told last.
    private var health: ServiceHealth?

    /// - Parameter health: As it was known before, of a process that was taken over.
    package init(_ definition: ProbeDefinition, health: ServiceHealth? = nil) {
        self.health = health
        threshold = definition.threshold ?? ProbeDefinition.defaultThreshold
        startPeriod = definition.startPeriod?.duration ?? .zero
    }

    /// - Parameter age: How long the process had run when the try ended.
    /// - Returns: The health, if it is another than before.
    package mutating func tried(_ result: ProbeResult, age: Duration) -> Verdict? {
        switch result {
        case .success:
            failures = 0
            hasSucceeded = true
            guard health != .healthy else { return nil }
            health = .healthy
            return .healthy
        case .failure(let reason):
            guard hasSucceeded || age >= startPeriod else { return nil }
            failures += 1
            guard failures >= threshold, health != .unhealthy else { return nil }
            health = .unhealthy
            return .unhealthy(failures == 1 ? reason : "\(failures) tries failed, the last: \(reason)")
        }
    }
}
