import JSON
import ReeveEngine
import ReeveProtocol
import ReeveRunner
import ReeveScheduler
import ReeveService
import ReeveStore
import ReeveSubmitter

/// `task.why`, `run.why` and `endpoint.why`: they gather what is known; what follows from it is said by the explanations.
struct WhyMethods: Sendable {
    var parts: Parts
    var time: HostTime
    var limits: @Sendable () -> RunLimits
    var space: @Sendable () -> StoreSpace
    var wallClock: any WallClock

    var methods: [AgentMethod] {
        [
            .reading("task.why", .observe, task),
            .reading("run.why", .observe, run),
            .reading("endpoint.why", .observe, endpoint),
        ]
    }

    /// How many of a task's newest runs are looked at for its last slot.
    private static let slotDepth = 20

    @Sendable private func task(_ parameters: TaskReference, _ call: Call) async throws -> JSON {
        let shown = try time.zone(named: parameters.timeZone)
        let gatherer = gatherer(shown)
        let scheduler = schedulerState
        let explanation = try await parts.store.read { [time] reader in
            let id = parameters.task
            let task = try reader.task(id, includingRemoved: true) ?? reader.namedTask(id)
            let all = try reader.liveRuns()
            let live = all.filter { $0.task == id }
            let ended = try reader.runs(task: id, limit: Self.slotDepth).filter { $0.status == .stopped }
            let last = try task.last.flatMap { try reader.run($0.run) }
            var explanation = TaskExplanation(task: task, now: gatherer.now, zone: gatherer.zone)
            explanation.live = try live.map { try gatherer.explanation(of: $0, among: all, reader) }
            explanation.lastSlot = try ended.first { $0.due != nil }.map {
                try gatherer.explanation(of: $0, among: all, reader)
            }
            explanation.last = try last.map { try gatherer.explanation(of: $0, among: all, reader) }
            explanation.scheduler = scheduler
            explanation.reading = task.definition.schedule.map { definition in
                Result { () throws(InvalidValue) in try time.schedule(definition, task: id) }
            }
            return explanation
        }
        return try explanation.json(showing: shown)
    }

    private var schedulerState: TaskExplanation.SchedulerState {
        guard let scheduler = parts.schedulerHandle.value else { return .away }
        return scheduler.report.isClockWrong ? .clockNotSet : .working
    }

    @Sendable private func run(_ parameters: RunReference, _ call: Call) async throws -> JSON {
        let shown = try time.zone(named: parameters.timeZone)
        let gatherer = gatherer(shown)
        let explanation = try await parts.store.read { reader in
            let run = try reader.existingRun(parameters.run)
            return try gatherer.explanation(of: run, among: reader.liveRuns(), reader)
        }
        return explanation.json(showing: shown)
    }

    // MARK: Endpoints

    @Sendable private func endpoint(_ parameters: EndpointWhyParameters, _ call: Call) async throws -> JSON {
        let shown = try time.zone(named: parameters.timeZone)
        if let at = parameters.at { return try await endpoint(parameters.endpoint, at: at, shown) }
        let situation = await parts.submitterHandle.value?.situation(of: parameters.endpoint)
        let (now, zone) = (wallClock.now, shown ?? time.hostZone)
        let (store, space) = (try parts.store, space())
        let explanation = try await store.read { reader in
            let endpoint = try reader.namedEndpoint(parameters.endpoint)
            var explanation = EndpointExplanation(
                endpoint: endpoint,
                backlog: try reader.backlog(of: endpoint),
                situation: situation,
                now: now,
                zone: zone
            )
            explanation.opened = try reader.openedFact(of: endpoint.name, since: endpoint.createdAt)
            if store.used > space.historyLimit, let hold = try reader.journalHold(), hold.endpoint == endpoint.name {
                explanation.shortage = StorageShortage(used: store.used, space: space, hold: hold)
            }
            if let lane = situation?.lanes.heldLane {
                explanation.heldLetter = try reader.heldLetter(endpoint: endpoint.name, lane: lane)
            }
            return explanation
        }
        return try explanation.json(showing: shown)
    }

    /// How many facts about an endpoint, and about the agent, are looked at.
    private static let factDepth = 1000

    private func endpoint(_ name: String, at: Timestamp, _ shown: Zone?) async throws -> JSON {
        let (now, zone) = (wallClock.now, shown ?? time.hostZone)
        guard at <= now else {
            throw Failure(InvalidValue(path: "/at", reason: "is in the future", expected: "a time in the past"))
        }
        let history = try await parts.store.read { reader in
            let endpoint = try reader.namedEndpoint(name)
            let since = endpoint.createdAt
            return EndpointHistory(
                endpoint: endpoint,
                about: try reader.endpointFacts(name, since: since, limit: Self.factDepth),
                agent: try reader.agentFacts(since: since, limit: Self.factDepth),
                depth: Self.factDepth,
                journalBegins: try reader.firstSequence().flatMap { try reader.change(sequence: $0) }?.recordedAt,
                at: at,
                now: now,
                zone: zone
            )
        }
        return history.json(showing: shown)
    }

    private func gatherer(_ shown: Zone?) -> Gatherer {
        Gatherer(
            limits: limits(),
            isRunnerAway: parts.runnerHandle.value == nil,
            kept: parts.servicesHandle.value?.waits(),
            now: wallClock.now,
            zone: shown ?? time.hostZone
        )
    }
}

/// Gathers what the store knows of a run.
private struct Gatherer: Sendable {
    var limits: RunLimits
    var isRunnerAway: Bool
    /// What services wait for; `nil` while nobody keeps them.
    var kept: [String: [RequirementDefinition]]?
    var now: Timestamp
    var zone: Zone

    /// - Parameter live: All runs that have not stopped, in the order in which they begin.
    func explanation(of run: Run, among live: [Run], _ reader: some StateReading) throws -> RunExplanation {
        let definition = try reader.definition(task: run.task, revision: run.revision)
        guard run.status == .pending else {
            return RunExplanation(run: run, definition: definition, waits: nil, now: now, zone: zone)
        }
        let unmet = try reader.unmet(definition?.requires ?? [])
        let groups = try reader.groups()
        var waits = RunWaits(
            of: run,
            definition,
            among: live,
            unmet: unmet,
            group: try definition?.group.flatMap { try full($0, groups, live, reader) },
            limits: limits,
            groups: groups,
            isRunnerAway: isRunnerAway,
            now: now
        )
        waits.causes = try causes(of: unmet, reader)
        return RunExplanation(run: run, definition: definition, waits: waits, now: now, zone: zone)
    }

    /// `nil`: there is a place in it.
    private func full(
        _ group: String,
        _ groups: [StoredGroup],
        _ live: [Run],
        _ reader: some StateReading
    ) throws -> RunWaits.FullGroup? {
        guard let limit = limits.groups(with: groups)[group] else { return nil }
        let going = try live.filter { $0.status > .pending }.count { try reader.group(of: $0) == group }
        return going >= limit ? RunWaits.FullGroup(name: group, going: going, limit: limit) : nil
    }

    private func causes(of unmet: [RequirementDefinition], _ reader: some StateReading) throws -> [String] {
        guard !unmet.isEmpty else { return [] }
        let services = try reader.services(includingRemoved: true)
        let explanation = ServiceExplanation(
            services: services,
            waits: try ServiceWaits(of: services, kept: kept, reader),
            lastOutcomes: try reader.lastOutcomes(
                requiredBy: services.flatMap { $0.definition.requires ?? [] } + unmet
            ),
            now: now
        )
        return explanation.reasons(for: unmet)
    }
}

extension StateReading {
    /// How the tasks that are required ended last; absent for one that has not run.
    func lastOutcomes(requiredBy requirements: [RequirementDefinition]) throws -> [String: ReeveProtocol.Outcome] {
        let ids = Set(
            requirements.compactMap { requirement -> String? in
                if case .task(let id) = requirement.subject { id } else { nil }
            }
        )
        var outcomes: [String: ReeveProtocol.Outcome] = [:]
        for id in ids { outcomes[id] = try task(id)?.last?.outcome }
        return outcomes
    }
}
