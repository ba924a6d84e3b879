import JSON
import ReeveEngine
import ReeveLaunch
import ReeveProcess
import ReeveProtocol
import ReeveService
import ReeveRunner
import ReeveScheduler
import ReeveStore
import ReeveSubmitter

/// `agent.*`.
struct AgentMethods: Sendable {
    var parts: Parts
    var engine: Engine
    var identity: Identity
    var time: HostTime
    var storePath: String
    var wallClock: any WallClock
    /// Whether the agent is ready, and why it is not.
    var readiness: Readiness
    var cgroups: CgroupTree.Standing
    var outputBudget: SpoolBudget
    var space: @Sendable () -> StoreSpace
    var reloader: Reloader

    var methods: [AgentMethod] {
        [
            .immediate("agent.ping", .none, ping),
            .immediate("agent.whoami", .none, whoami),
            .reading("agent.status", .observe, status),
            .reading("agent.metrics", .observe, metrics),
            .waiting("agent.flush", .operate, flush),
            .changing("agent.reload", .administer, reload),
        ]
    }

    @Sendable private func ping(_ parameters: NoParameters, _ call: Call) -> JSON {
        ["time": wallClock.now.json]
    }

    @Sendable private func whoami(_ parameters: NoParameters, _ call: Call) -> JSON {
        var answer: JSONObject = ["uid": .number(String(call.caller.uid))]
        answer["user"] = UserDatabase.user(uid: call.caller.uid).map { .string($0.name) } ?? .null
        answer["gid"] = .number(String(call.caller.gid))
        answer["pid"] = .number(String(call.caller.pid))
        answer["role"] = .string(call.role.rawValue)
        return .object(answer)
    }

    // MARK: Status

    @Sendable private func status(_ parameters: StatusParameters, _ call: Call) async throws -> JSON {
        let zone = try time.zone(named: parameters.timeZone)
        let report = engine.snapshot()
        let now = wallClock.now
        var answer = JSONObject()
        answer["version"] = .string(Identity.version)
        answer["id"] = (parts.storeHandle.value?.agentID).map(JSON.string) ?? .null
        answer["name"] = .string(identity.name)
        answer["pid"] = .number(String(identity.pid))
        answer["boot"] = .string(identity.boot)
        answer["startedAt"] = identity.startedAt.json
        answer["uptime"] = .string(now.since(identity.startedAt).rounded.description)
        answer["ready"] = .bool(readiness.isReadyForCaller(report))
        answer["state"] = .string(
            readiness.isStopping ? "stopping" : readiness.isReadyForCaller(report) ? "running" : "starting"
        )
        answer["sockets"] = .array(identity.socketPaths.map(JSON.string))
        answer["timeZone"] = .string(time.hostZone.name)
        answer["cgroups"] = cgroupsMember
        answer["output"] = [
            "used": .number(String(outputBudget.used)), "limit": .number(String(outputBudget.limit)),
        ]
        answer.members += try await storeMembers(zone: zone).members
        let hold = try? await parts.storeHandle.value?.read { try $0.journalHold() }
        answer["degraded"] = .array(degraded(report, hold: hold))
        return .object(answer.withLocalTimes("startedAt", zone: zone))
    }

    private var cgroupsMember: JSON {
        var object: JSONObject = [
            "path": cgroups.folder.map(JSON.string) ?? .null,
            "controllers": .array(cgroups.controllers.map { .string($0.rawValue) }),
        ]
        object["reason"] = cgroups.trouble.map(JSON.string)
        return .object(object)
    }

    private func storeMembers(zone: Zone?) async throws -> JSONObject {
        var object = JSONObject()
        // Without a store there is still the rest to say.
        guard let store = parts.storeHandle.value, let facts = try? await facts(of: store) else {
            object["store"] = JSON.null
            return object
        }
        let statistics = facts.statistics
        object["store"] = [
            "path": .string(storePath), "size": .number(String(statistics.databaseBytes + statistics.logBytes)),
            "synchronous": .string(statistics.synchronous == 2 ? "full" : "\(statistics.synchronous)"),
            "used": .number(String(statistics.usedBytes)),
            "retention": .number(String(space().historyLimit)), "budget": .number(String(space().budget.bytes)),
            "journal": [
                "head": .number(String(statistics.journalHead)),
                "oldest": statistics.journalFirst > 0 ? .number(String(statistics.journalFirst)) : .null,
                "heldBy": facts.hold.map { .string($0.endpoint) } ?? .null,
            ],
        ]
        object["counts"] = [
            "tasks": .number(String(statistics.tasks)), "live": .number(String(statistics.liveRuns)),
            "services": .number(String(statistics.services)),
            "servicesReady": .number(String(statistics.readyServices)),
            "deadLetters": .number(String(statistics.deadLetters)),
        ]
        object["due"] = facts.due.map { due in
            let entry: JSONObject = ["task": .string(due.task), "time": due.time.json]
            return .object(entry.withLocalTimes("time", zone: zone))
        }
        object["endpoints"] = .array(facts.endpoints)
        return object
    }

    private struct Facts: Sendable {
        var statistics: StoreStatistics
        var due: (task: String, time: Timestamp)?
        var endpoints: [JSON]
        var hold: JournalHold?
    }

    private func facts(of store: Store) async throws -> Facts {
        let statistics = try await store.statistics()
        let statuses = parts.endpointStatuses
        let (due, stored, hold) = try await store.read { reader in
            (
                try reader.nextDue(), try reader.endpoints().map { ($0, try reader.backlog(of: $0)) },
                try reader.journalHold()
            )
        }
        let endpoints = try stored.map { endpoint, backlog in
            try EndpointView.item(endpoint, backlog, status: statuses[endpoint.name])
        }
        return Facts(statistics: statistics, due: due, endpoints: endpoints, hold: hold)
    }

    /// The parts that do not work now, or badly, each with why.
    private func degraded(_ report: EngineReport, hold: JournalHold?) -> [JSON] {
        func entry(_ part: String, _ reason: String) -> JSON {
            let state = report[part]?.state ?? .started
            return ["part": .string(part), "state": .string(state.rawValue), "reason": .string(reason)]
        }
        var entries: [JSON] = []
        if let trouble = parts.storeHandle.value?.writerActivity.trouble {
            entries.append(entry(Part.store.name, trouble))
        }
        if let used = parts.storeHandle.value?.used, used >= space().publishLimit {
            let shortage = StorageShortage(used: used, space: space(), hold: hold)
            entries.append(entry(Part.store.name, shortage.summary))
        }
        if let trouble = parts.servicesHandle.value?.recordingTrouble {
            let told = "what becomes of services is not recorded, and what is said of them is old: \(trouble)"
            entries.append(entry(Part.services.name, told))
        }
        if parts.schedulerHandle.value?.report.isClockWrong == true {
            let told = "the clock is not set (it shows \(wallClock.now)): what is due by it waits"
            entries.append(entry(Part.scheduler.name, told))
        }
        entries += (parts.dropInsHandle.value?.troubles ?? []).map { entry(Part.dropIns.name, $0) }
        for manifold in report.manifolds where manifold.state != .started && manifold.name != "socket" {
            let waiting = manifold.waitingFor.isEmpty ? nil : "waits for " + manifold.waitingFor.joined(separator: ", ")
            entries.append(entry(manifold.name, manifold.error ?? waiting ?? "is \(manifold.state.rawValue)"))
        }
        return entries
    }

    // MARK: Metrics

    @Sendable private func metrics(_ parameters: NoParameters, _ call: Call) async throws -> JSON {
        var metrics = AgentMetrics(version: Identity.version, startedAt: identity.startedAt, now: wallClock.now)
        if let store = parts.storeHandle.value {
            metrics.statistics = try await store.statistics()
            metrics.budget = space().budget.bytes
            let statuses = parts.endpointStatuses
            metrics.endpoints = try await store.read { reader in
                try reader.endpoints().map { endpoint in
                    AgentMetrics.Endpoint(
                        name: endpoint.name,
                        state: EndpointView.state(endpoint, statuses[endpoint.name]),
                        isMuted: endpoint.muting.present != nil,
                        backlog: try reader.backlog(of: endpoint),
                        overview: statuses[endpoint.name]?.overview
                    )
                }
            }
        }
        return ["contentType": .string(OpenMetricsText.contentType), "text": .string(metrics.text)]
    }

    // MARK: Flush

    @Sendable private func flush(_ parameters: FlushParameters, _ call: Call) async throws -> JSON {
        let deadline = parameters.deadline ?? .seconds(30)
        let report = try await parts.submitter.flush(deadline: deadline.duration)
        let endpoints = report.endpoints.map { endpoint -> JSON in
            [
                "name": .string(endpoint.name), "pending": .number(String(endpoint.pending)),
                "oldest": endpoint.oldest?.json ?? .null,
            ]
        }
        return ["delivered": .bool(report.delivered), "endpoints": .array(endpoints)]
    }
    // MARK: Reload

    @Sendable private func reload(_ parameters: ReloadParameters, _ call: Call) async throws -> JSON {
        let isTrial = parameters.dryRun ?? false
        return try await reloader.reload(parts.storeHandle.value, by: call.caller.name, isTrial: isTrial).json
    }
}
