package import ReeveProtocol
package import ReeveStore

/// What is to be done so that what is installed becomes what the store says.
package struct ServicePlan: Sendable {
    /// A service that the engine keeps.
    package struct Installed: Sendable, Hashable {
        package var definition: ServiceDefinition
        /// The last request that was carried out.
        package var request: Int
        /// The last request by hand for another process, carried out or not.
        package var lastStart: Int
        /// It is being removed from the engine.
        package var isLeaving: Bool

        package init(definition: ServiceDefinition, request: Int, lastStart: Int = 0, isLeaving: Bool = false) {
            self.definition = definition
            self.request = request
            self.lastStart = lastStart
            self.isLeaving = isLeaving
        }
    }

    package enum Action: Sendable, Hashable {
        case install(StoredService)
        /// It is to end and to be taken out of the engine; what comes then is another plan's.
        case leave(StoredService, ServiceStopCause)
        /// Its process runs on without the engine, and is to end; `nil`: for the reason that it was told.
        case end(StoredService, ServiceStopCause?)
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

    private let installed: [String: Installed]
    private let stored: [StoredService]
    private let states: [String: ServiceState]
    private let running: [String: ServiceDefinition]

    /// - Parameters:
    ///   - stored: What is wanted, and how each stands now.
    ///   - running: Those of which a process is known, by what definition. Where the engine does not keep one, the part that
    ///     keeps services has restarted.
    package init(
        installed: [String: Installed],
        stored: [StoredService],
        running: [String: ServiceDefinition] = [:]
    ) {
        self.installed = installed
        self.stored = stored
        states = Dictionary(stored.map { ($0.name, $0.state) }, uniquingKeysWith: { first, _ in first })
        self.running = running.filter { installed[$0.key] == nil }
    }

    package var actions: [Action] {
        let kept = kept
        return stored.compactMap { service in
            if let installed = installed[service.name] { return action(for: service, installed) }
            guard running[service.name] != nil, !kept.contains(service.name) else { return action(forNew: service) }
            return .end(service, ending(service))
        }
    }

    private func action(forNew service: StoredService) -> Action? {
        if service.removed { return .forget(service) }
        if service.orders.stopped != nil { return .rest(service) }
        // A bounce of the part is no reason to try it again; what somebody asked is.
        return service.state.status == .failed && service.isUpToDate ? nil : .install(service)
    }

    private func action(for service: StoredService, _ installed: Installed) -> Action? {
        guard !installed.isLeaving else { return nil }
        if service.removed { return .leave(service, .removed) }
        if let stopped = service.orders.stopped { return .leave(service, .requested(stopped.text)) }
        if service.definition.needsNewProcess(after: installed.definition) { return .leave(service, .changed) }
        guard service.orders.request > installed.request else { return nil }
        if let order = service.orders.restarted, order.request > installed.request {
            return .restart(service, .restarted(order.text))
        }
        // It was stopped and started again before anybody came to it: its process is to be another one all the same.
        if let order = service.orders.lastStop, order.request > installed.request {
            return .restart(service, .requested(order.text))
        }
        if let order = service.orders.started, order.request > installed.request { return .start(service) }
        return .adjust(service)
    }

    // MARK: What runs already

    /// Why a process that is not kept is to end.
    private func ending(_ service: StoredService) -> ServiceStopCause? {
        if service.removed { return .removed }
        if let stopped = service.orders.stopped { return .requested(stopped.text) }
        guard let running = running[service.name], service.state.status != .stopping else { return nil }
        return service.definition.needsNewProcess(after: running) ? .changed : .requirement
    }

    /// Those whose process can be taken over: it is the right one, was not told to end, and what it requires holds, also
    /// of those that it requires.
    private var kept: Set<String> {
        var kept = Set(stored.filter(isRight).map(\.name))
        var isStable = false
        while !isStable {
            let met = kept.filter { name in
                (running[name]?.requires ?? []).allSatisfy { isMet($0, among: kept) }
            }
            isStable = met.count == kept.count
            kept = met
        }
        return kept
    }

    private func isRight(_ service: StoredService) -> Bool {
        guard let running = running[service.name], service.state.status != .stopping else { return false }
        return !service.removed && service.orders.stopped == nil
            && !service.definition.needsNewProcess(after: running)
    }

    private func isMet(_ requirement: RequirementDefinition, among kept: Set<String>) -> Bool {
        // What a task does does not touch a service that runs.
        guard case .service(let name) = requirement.subject else { return true }
        let condition = requirement.effectiveCondition
        switch condition {
        case .exited, .succeeded: break
        case .started, .ready, .healthy: guard kept.contains(name) else { return false }
        }
        return states[name]?.meets(condition, hasProbe: running[name]?.probe != nil) ?? false
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
