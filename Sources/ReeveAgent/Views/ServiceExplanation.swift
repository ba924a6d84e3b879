import JSON
import ReeveProtocol
import ReeveRunner
import ReeveStore

/// Says in words, and as data, why a service is as it is: through everything that it waits for.
struct ServiceExplanation: Sendable {
    private let services: [String: StoredService]
    private let waits: ServiceWaits
    private let lastOutcomes: [String: Outcome]
    private let now: Timestamp

    /// - Parameters:
    ///   - waits: What they wait for.
    ///   - lastOutcomes: How tasks ended last.
    init(
        services: [StoredService],
        waits: ServiceWaits,
        lastOutcomes: [String: Outcome],
        now: Timestamp
    ) {
        self.services = Dictionary(services.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        self.waits = waits
        self.lastOutcomes = lastOutcomes
        self.now = now
    }

    func json(of name: String) -> JSON {
        let reasons = reasons(for: name)
        var object: JSONObject = ["service": .string(name)]
        object["status"] = services[name].map { .string($0.state.status.rawValue) } ?? .null
        object["summary"] = .string(reasons[0])
        object["reasons"] = .array(reasons.map(JSON.string))
        object["waitingFor"] = .array((waits[name] ?? []).map(\.waitingFor))
        object["nextTry"] = services[name]?.state.nextTry?.json ?? .null
        return .object(object)
    }

    /// One sentence on the service itself.
    func summary(of name: String) -> String { reasons(for: name)[0] }

    /// One sentence on the service itself, then one on each that it waits for, nearest first.
    private func reasons(for name: String) -> [String] {
        reasons(for: [RequirementDefinition(.service(name))])
    }

    /// One sentence on each of these, then one on each that they wait for, nearest first.
    func reasons(for requirements: [RequirementDefinition]) -> [String] {
        var sentences: [String] = []
        var seen: Set<String> = []
        var rest: [String] = []
        func add(_ requirement: RequirementDefinition) {
            switch requirement.subject {
            case .service(let other): rest.append(other)
            case .task(let id): sentences.append(sentence(onTask: id))
            }
        }
        for requirement in requirements { add(requirement) }
        while !rest.isEmpty {
            let next = rest.removeFirst()
            guard seen.insert(next).inserted else { continue }
            guard let service = services[next] else {
                sentences.append("there is no service \(next)")
                continue
            }
            let waitingFor = service.state.status == .waiting ? waits[next] ?? [] : []
            sentences.append(sentence(on: service, waitingFor: waitingFor))
            for requirement in waitingFor { add(requirement) }
        }
        return sentences
    }

    private func sentence(on service: StoredService, waitingFor: [RequirementDefinition]) -> String {
        let (name, state) = (service.name, service.state)
        switch state.status {
        case .running:
            let health = state.health == .unhealthy ? ", but unhealthy\(reason(state))" : ""
            return "\(name) is running and ready\(health)"
        case .starting:
            guard let text = readiness(service) else { return "\(name) is starting\(reason(state))" }
            return "\(name) has started and is not ready yet: \(text)\(reason(state))"
        case .stopping: return "\(name) is being stopped"
        case .stopped:
            let how = service.orders.stopped?.text ?? "by hand"
            return "\(name) stands still until it is started by hand: it was stopped \(how)"
        case .completed: return "\(name) has done its work and is not started again by itself"
        case .failed:
            let others =
                (service.definition.requires ?? []).isEmpty
                ? " or the agent starts anew" : ", the agent starts anew or what it requires changes"
            return "\(name) has failed and is given up until it is started by hand\(others)\(reason(state))"
        case .waiting: return waiting(name, state, waitingFor)
        }
    }

    private func waiting(_ name: String, _ state: ServiceState, _ waitingFor: [RequirementDefinition]) -> String {
        if !waitingFor.isEmpty {
            return "\(name) waits for \(waitingFor.map(\.description).joined(separator: " and for "))"
        }
        if let next = state.nextTry {
            let count = state.failures > 1 ? " after \(state.failures) failures in a row" : ""
            let left = next > now ? "in \(next.since(now).rounded)" : "now"
            return "\(name) is tried again \(left)\(count)\(reason(state))"
        }
        return !waits.areKept
            ? "\(name) is not kept at present, for the agent's services restart"
            : "\(name) is about to be started\(reason(state))"
    }

    private func reason(_ state: ServiceState) -> String {
        state.reason.map { ": \($0)" } ?? ""
    }

    private func readiness(_ service: StoredService) -> String? {
        switch service.definition.ready?.signal {
        case nil: nil
        case .notify: "it has not said READY=1"
        case .probe(.tcp(let place)): "nobody listens at \(place)"
        case .probe(.http(let url)): "\(url) does not answer as it should"
        case .probe(.exec(let command)): "\(command.first ?? "its command") does not succeed"
        case .probe(.log(let text)): "no line has \"\(text)\""
        }
    }

    private func sentence(onTask id: String) -> String {
        switch lastOutcomes[id] {
        case nil: "task \(id) has not run yet"
        case .succeeded: "the last run of task \(id) has just succeeded"
        case let outcome?: "the last run of task \(id) ended as \(outcome.rawValue)"
        }
    }
}
