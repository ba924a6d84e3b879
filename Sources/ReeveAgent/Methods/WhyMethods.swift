import JSON
import ReeveEngine
import ReeveProtocol
import ReeveScheduler
import ReeveService
import ReeveStore

/// `task.why` and `run.why`: they gather what is known; what follows from it is said by the explanations.
struct WhyMethods: Sendable {
    var parts: Parts
    var time: HostTime
    var limits: RunWaits.Limits
    var wallClock: any WallClock

    var methods: [AgentMethod] {
        [
            .reading("task.why", .observe, task),
            .reading("run.why", .observe, run),
        ]
    }

    /// How many of a task's newest runs are looked at for its last slot.
    private static let slotDepth = 20

    @Sendable private func task(_ parameters: TaskReference, _ call: Call) async throws -> JSON {
        let shown = try time.zone(named: parameters.timeZone)
        let gatherer = gatherer(shown)
        let scheduler = schedulerState
        let explanation = try await parts.store.read { reader in
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
            return explanation
        }
        return try read(explanation).json(showing: shown)
    }

    private func read(_ explanation: TaskExplanation) -> TaskExplanation {
        guard let definition = explanation.task.definition.schedule else { return explanation }
        var explanation = explanation
        do {
            explanation.schedule = try time.schedule(definition, task: explanation.task.id)
        } catch {
            explanation.problem = error
        }
        return explanation
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

    private func gatherer(_ shown: Zone?) -> Gatherer {
        Gatherer(
            limits: limits,
            isRunnerAway: parts.runnerHandle.value == nil,
            kept: parts.servicesHandle.value?.waits(),
            now: wallClock.now,
            zone: shown ?? time.hostZone
        )
    }
}

/// Gathers what the store knows of a run.
private struct Gatherer: Sendable {
    var limits: RunWaits.Limits
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
        var waits = RunWaits(
            of: run,
            definition,
            among: live,
            unmet: unmet,
            group: try definition?.group.flatMap { try full($0, live, reader) },
            limits: limits,
            isRunnerAway: isRunnerAway,
            now: now
        )
        waits.causes = try causes(of: unmet, reader)
        return RunExplanation(run: run, definition: definition, waits: waits, now: now, zone: zone)
    }

    /// `nil`: there is a place in it.
    private func full(
        _ group: String,
        _ live: [Run],
        _ reader: some StateReading
    ) throws -> RunWaits.FullGroup? {
        let stored = try reader.groups().first { $0.definition.name == group }
        guard let limit = stored.map(\.definition.limit) ?? limits.groups[group] else { return nil }
        let going = try live.filter { $0.status > .pending }.count { run in
            try reader.definition(task: run.task, revision: run.revision)?.group == group
        }
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
