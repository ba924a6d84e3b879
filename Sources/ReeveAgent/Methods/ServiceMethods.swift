import JSON
import ReeveEngine
import ReeveProtocol
import ReeveService
import ReeveStore

/// `service.*`, but for what reads logs.
struct ServiceMethods: Sendable {
    var parts: Parts
    var checker: ServiceChecker
    var time: HostTime
    var clock: any Clock<Duration>
    var wallClock: any WallClock

    var methods: [AgentMethod] {
        [
            .changing("service.put", .administer, put),
            .reading("service.check", .observe, check),
            .reading("service.get", .observe, get),
            .reading("service.list", .observe, list),
            .reading("service.why", .observe, why),
            .changing("service.remove", .administer, remove),
            .changing("service.start", .operate) { try await order(.start, $0, $1) },
            .changing("service.stop", .operate) { try await order(.stop, $0, $1) },
            .changing("service.restart", .operate) { try await order(.restart, $0, $1) },
            .waiting("service.wait", .observe, wait),
        ]
    }

    // MARK: Definitions

    @Sendable private func put(_ parameters: ServicePutParameters, _ call: Call) async throws -> JSON {
        let definition = parameters.service
        let problems = definition.problems()
        guard problems.isEmpty else { throw Failure(problems, below: "/service") }
        let by = call.caller.name
        let (put, unknown) = try await parts.store.write { transaction in
            let put = try transaction.putCheckedService(
                definition,
                source: DefinitionSource.rpc,
                by: by,
                ifRevision: parameters.ifRevision
            )
            return (put, try transaction.unknownRequirements(of: definition))
        }
        var answer = JSONObject()
        answer["service"] = try JSONCoder.encode(put.service.definition)
        answer["revision"] = .number(String(put.service.revision))
        answer["created"] = .bool(put.created)
        answer["changed"] = .bool(put.changed)
        let warnings = checker.warnings(definition) + unknown
        if !warnings.isEmpty { answer["warnings"] = .array(warnings.map(JSON.string)) }
        return .object(answer)
    }

    @Sendable private func check(_ parameters: ServiceCheckParameters, _ call: Call) async throws -> JSON {
        var problems: [InvalidValue]
        var warnings: [String] = []
        do {
            let service = try JSONCoder.decode(
                ServiceDefinition.self,
                from: parameters.service,
                unknownFields: .reject
            )
            problems = service.problems()
            if problems.isEmpty { warnings = checker.warnings(service) }
        } catch {
            problems = [error]
        }
        return [
            "valid": .bool(problems.isEmpty),
            "problems": .array(problems.map { Failure($0.below("/service")).problem }),
            "warnings": .array(warnings.map(JSON.string)),
        ]
    }

    @Sendable private func remove(_ parameters: ServiceReference, _ call: Call) async throws -> JSON {
        let by = call.caller.name
        let service = try await parts.store.write { transaction in
            _ = try transaction.namedService(parameters.service)
            return try transaction.removeService(parameters.service, source: DefinitionSource.rpc, by: by)
        }
        return ["service": .string(service.name), "revision": .number(String(service.revision))]
    }

    // MARK: Orders

    private func order(
        _ kind: ServiceOrderKind,
        _ parameters: ServiceOrderParameters,
        _ call: Call
    ) async throws -> JSON {
        let by = call.caller.name
        let service = try await parts.store.write { transaction in
            _ = try transaction.namedService(parameters.service)
            return try transaction.orderService(parameters.service, kind, by: by, reason: parameters.reason)
        }
        return ["service": .string(service.name), "request": .number(String(service.orders.request))]
    }

    @Sendable private func wait(_ parameters: ServiceWaitParameters, _ call: Call) async throws -> JSON {
        let store = try parts.store
        let goal = parameters.until ?? .settled
        let name = parameters.service
        // What was asked before this call is to be seen in the state, not what was before it.
        let request = try await store.read { try $0.namedService(name, includingRemoved: true).orders.request }
        let what = "service \(name) is not \(goal.rawValue)"
        let service: StoredService? = try await withDeadline(parameters.deadline, clock, what: what) {
            try await reach(goal, of: name, after: request, in: store)
        }
        guard let service else { return ["name": .string(name), "removed": true] }
        let waits = try await waits(of: [service])
        return try .object(ServiceView.item(service, waits: waits))
    }

    /// `nil`: it is gone, and that is as good as stopped.
    private func reach(
        _ goal: ServiceGoal,
        of name: String,
        after request: Int,
        in store: Store
    ) async throws -> StoredService? {
        try await withThrowingTaskGroup(of: Void.self) { group in
            let (wakeups, sender) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
            group.addTask {
                for await _ in store.signals.changes(.serviceStates) { sender.yield() }
                sender.finish()
            }
            defer { group.cancelAll() }
            for await _ in wakeups {
                guard let service = try await store.read({ try $0.service(name, includingRemoved: true) }) else {
                    guard goal == .stopped else { throw try await store.read { try $0.noService(name) } }
                    return nil
                }
                guard service.state.request >= request else { continue }
                guard service.reaches(goal) else {
                    try await checkHope(for: service, goal)
                    continue
                }
                let left = goal == .settled ? service.timeToProve(now: wallClock.now) : .zero
                guard left > .zero else { return service }
                group.addTask { [clock] in
                    try await clock.sleep(for: left.duration)
                    sender.yield()
                }
            }
            throw Parts.unavailable("store")
        }
    }

    /// Throws where what is waited for does not come by itself.
    private func checkHope(for service: StoredService, _ goal: ServiceGoal) async throws {
        guard service.state.status.isAtRest, goal != .stopped else { return }
        let waits = try await waits(of: [service])
        let why = ServiceExplanation(services: [service], waits: waits, lastOutcomes: [:], now: wallClock.now)
        throw Failure(
            .invalidState,
            "service \(service.name) will not be \(goal.rawValue): \(why.summary(of: service.name))",
            reason: "its status is \(service.state.status.rawValue)",
            hint: "reeve service start \(service.name) starts it"
        )
    }

    // MARK: Reading

    @Sendable private func get(_ parameters: ServiceGetParameters, _ call: Call) async throws -> JSON {
        let zone = try time.zone(named: parameters.timeZone)
        let service = try await parts.store.read { try $0.namedService(parameters.service, includingRemoved: true) }
        let definition = try JSONCoder.encode(service.definition)
        var answer = JSONObject()
        answer["service"] = call.role.grants(.administer) ? definition : TaskView.mask(definition)
        answer.members += try ServiceView.state(service, waits: try await waits(of: [service]), zone: zone).members
        return .object(answer)
    }

    @Sendable private func list(_ parameters: ServiceListParameters, _ call: Call) async throws -> JSON {
        let zone = try time.zone(named: parameters.timeZone)
        let limit = try pageSize(parameters.limit)
        let labels = parameters.labels ?? [:]
        let services = try await parts.store.read { reader in
            try reader.services(after: parameters.after ?? "", includingRemoved: true).lazy
                .filter { service in labels.allSatisfy { service.definition.labels?[$0.key] == $0.value } }
                .prefix(limit + 1)
        }
        let page = services.prefix(limit)
        let waits = try await waits(of: Array(page))
        return [
            "services": .array(
                try page.map { .object(try ServiceView.item($0, waits: waits, zone: zone)) }
            ),
            "next": services.count > limit ? page.last.map { .string($0.name) } ?? .null : .null,
        ]
    }

    @Sendable private func why(_ parameters: ServiceReference, _ call: Call) async throws -> JSON {
        let services = try await parts.store.read { reader in
            _ = try reader.namedService(parameters.service, includingRemoved: true)
            return try reader.services(includingRemoved: true)
        }
        let tasks = try await parts.store.read { reader in
            try reader.lastOutcomes(requiredBy: services.flatMap { $0.definition.requires ?? [] })
        }
        let explanation = ServiceExplanation(
            services: services,
            waits: try await waits(of: services),
            lastOutcomes: tasks,
            now: wallClock.now
        )
        return explanation.json(of: parameters.service)
    }

    private func waits(of services: [StoredService]) async throws -> ServiceWaits {
        let kept = parts.servicesHandle.value?.waits()
        return try await parts.store.read { try ServiceWaits(of: services, kept: kept, $0) }
    }

}

extension StoredService {
    /// Whether it is where `service.wait` waits for it to be.
    fileprivate func reaches(_ goal: ServiceGoal) -> Bool {
        switch goal {
        case .settled: state.status == .running || state.status.isAtRest
        case .started: state.meets(.started, hasProbe: definition.probe != nil)
        case .ready: state.meets(.ready, hasProbe: definition.probe != nil)
        case .healthy: state.meets(.healthy, hasProbe: definition.probe != nil)
        case .stopped: !state.status.isAlive
        }
    }

    /// How long its process still has to run until it counts as settled. One that says or shows when it is ready needs
    /// not; of any other it is known only that its program was executed, and many end at once.
    fileprivate func timeToProve(now: Timestamp) -> Interval {
        guard state.status == .running, definition.ready == nil, let start = state.startedAt else { return .zero }
        return Interval(milliseconds: 1000 - max(0, now.since(start).milliseconds))
    }
}

extension StateReading {
    /// The service of that name; `notFound` if there is none, with the nearest.
    ///
    /// - Parameter includingRemoved: Also one that is removed and has not ended yet.
    func namedService(_ name: String, includingRemoved: Bool = false) throws -> StoredService {
        if let service = try service(name, includingRemoved: includingRemoved) { return service }
        throw try noService(name)
    }

    func noService(_ name: String) throws -> Failure {
        let near = nearest(name, among: try services().map(\.name))
        return Failure(
            .notFound,
            "there is no service \"\(name)\"",
            path: "/service",
            hint: near.map { "did you mean \"\($0)\"?" } ?? "reeve service ls lists them"
        )
    }

    /// What a service requires that is not there: it waits for that.
    func unknownRequirements(of definition: ServiceDefinition) throws -> [String] {
        try (definition.requires ?? []).compactMap { requirement in
            switch requirement.subject {
            case .service(let name):
                try service(name) == nil ? "there is no service \(name) now: it is waited for" : nil
            case .task(let id): try task(id) == nil ? "there is no task \(id) now: it is waited for" : nil
            }
        }
    }
}

extension Transaction {
    /// Puts a service that closes no circle. Throws `invalidParams` with all members of one that it would.
    ///
    /// - Parameter ifRevision: The revision that must be current, else `conflict`; 0: there must be no such service.
    func putCheckedService(
        _ definition: ServiceDefinition,
        source: String,
        by: String,
        ifRevision: Int? = nil
    ) throws -> ServicePut {
        let current = try service(definition.name)?.revision ?? 0
        if let ifRevision, ifRevision != current {
            throw Failure(
                .conflict,
                "service \"\(definition.name)\" has revision \(current), not \(ifRevision)",
                reason: current == 0 ? "there is no such service" : "another revision is current",
                details: ["current": .number(String(current))]
            )
        }
        let put = try putService(definition, source: source, by: by)
        try checkCircles(through: definition)
        return put
    }

    /// Throws `invalidParams` with all members of a circle through that service, which is to be put already.
    func checkCircles(through definition: ServiceDefinition) throws {
        guard let circle = ServiceGraph(try reachable(from: definition)).circle(through: definition.name) else {
            return
        }
        var failure = Failure(
            InvalidValue(
                path: "/service/requires",
                reason: ServiceGraph.description(of: circle),
                expected: "services that do not wait for each other"
            )
        )
        failure.details["circle"] = .array(circle.map(JSON.string))
        throw failure
    }

    /// A service and all that it waits for: a circle through it has no other members.
    private func reachable(from definition: ServiceDefinition) throws -> [ServiceDefinition] {
        var reached = [definition.name: definition]
        var rest = (definition.requires ?? []).compactMap(\.service)
        while let name = rest.popLast() {
            guard reached[name] == nil, let other = try service(name)?.definition else { continue }
            reached[name] = other
            rest += (other.requires ?? []).compactMap(\.service)
        }
        return Array(reached.values)
    }
}
