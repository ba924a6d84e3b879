package import ReeveProtocol
package import ReeveStore

/// What is to be done so that what is installed becomes what the store says.
package struct ServicePlan: Sendable {
    /// A service that the engine keeps.
    package struct Installed: Sendable, Hashable {
        package var definition: ServiceDefinition
        /// The last request that was carried out.
        package var request: Int
        /// It is being removed from the engine.
        package var isLeaving: Bool

        package init(definition: ServiceDefinition, request: Int, isLeaving: Bool = false) {
            self.definition = definition
            self.request = request
            self.isLeaving = isLeaving
        }
    }

    package enum Action: Sendable, Hashable {
        case install(StoredService)
        /// It is to end and to be taken out of the engine; what comes then is another plan's.
        case leave(StoredService, ServiceStopCause)
        /// Its definition has changed in what takes effect while it runs.
        case adjust(StoredService)
        /// It is to run though it rests, or waits for its next try.
        case start(StoredService)
        case restart(StoredService, ServiceStopCause)
        /// Stands still, as it is meant to.
        case rest(StoredService)
        /// Nothing is left of it.
        case forget(StoredService)
    }

    package static func actions(installed: [String: Installed], stored: [StoredService]) -> [Action] {
        stored.compactMap { action(for: $0, installed[$0.name]) }
    }

    private static func action(for service: StoredService, _ installed: Installed?) -> Action? {
        guard let installed else {
            if service.removed { return .forget(service) }
            return service.orders.stopped == nil ? .install(service) : .rest(service)
        }
        guard !installed.isLeaving else { return nil }
        if service.removed { return .leave(service, .removed) }
        if let stopped = service.orders.stopped { return .leave(service, .requested(stopped.text)) }
        if service.definition.needsNewProcess(after: installed.definition) { return .leave(service, .changed) }
        guard service.orders.request > installed.request else { return nil }
        if let order = service.orders.restarted, order.request > installed.request {
            return .restart(service, .restarted(order.text))
        }
        if let order = service.orders.started, order.request > installed.request { return .start(service) }
        return .adjust(service)
    }
}

/// A state that services are waited for in, as a manifold of its own: those who require it have it as their input.
struct Milestone: Hashable, Sendable {
    let subject: RequirementDefinition.Subject
    let condition: RequirementCondition

    /// No service's name has a colon or a slash.
    var name: String {
        switch subject {
        case .service(let name): "\(name):\(condition.rawValue)"
        case .task(let id): "task/\(id)"
        }
    }

    /// `nil` for a service that only has to have started: that is its own manifold.
    init?(_ requirement: RequirementDefinition) {
        if case .service = requirement.subject, requirement.effectiveCondition == .started { return nil }
        subject = requirement.subject
        condition = requirement.effectiveCondition
    }
}

extension RequirementDefinition {
    /// The requirement behind an engine's resource, by its name.
    package init?(resource: String) {
        if resource.hasPrefix("task/") {
            self.init(.task(String(resource.dropFirst("task/".count))), .succeeded)
            return
        }
        let parts = resource.split(separator: ":", maxSplits: 1).map(String.init)
        guard parts.count == 2 else {
            self.init(.service(resource), .started)
            return
        }
        guard let condition = RequirementCondition(rawValue: parts[1]) else { return nil }
        self.init(.service(parts[0]), condition)
    }
}
