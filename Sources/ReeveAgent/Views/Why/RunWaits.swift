import JSON
import ReeveProtocol
import ReeveRunner

/// What keeps a pending run from beginning; nothing of it if it is about to.
struct RunWaits: Sendable {
    /// What holds for all runs, by the configuration.
    struct Limits: Sendable {
        /// Runs at once.
        var concurrency: Int
        /// How late a run may begin whose task does not say that.
        var startBy: Interval?
        /// Runs of a group at once, where the store does not say that.
        var groups: [String: Int] = [:]
    }

    /// A group of which as many runs go on as may.
    struct FullGroup: Sendable, Hashable {
        var name: String
        var going: Int
        var limit: Int
    }

    /// It is another try, whose time has not come.
    var notBefore: Timestamp?
    /// What the task requires and is not so.
    var unmet: [RequirementDefinition] = []
    /// The task's, if there is no place in it.
    var group: FullGroup?
    /// A sentence on each service and task of these, and on what they wait for themselves.
    var causes: [String] = []
    /// When it is told as missed if what it requires is not so by then.
    var deadline: Timestamp?
    /// Runs of its task that are in its way, by its overlap.
    var others: [Run] = []
    /// How many runs have begun, of any task.
    var going = 0
    /// How many may at once.
    var places = 1
    /// How many pending runs come before it.
    var ahead = 0
    /// The part of the agent that begins runs is away.
    var isRunnerAway = false

    var isPlaceFree: Bool { going < places }
}

extension RunWaits {
    /// - Parameters:
    ///   - live: All runs that have not stopped, in the order in which they begin.
    ///   - unmet: What the task requires and is not so.
    init(
        of run: Run,
        _ definition: TaskDefinition?,
        among live: [Run],
        unmet: [RequirementDefinition],
        group: FullGroup? = nil,
        limits: Limits,
        isRunnerAway: Bool,
        now: Timestamp
    ) {
        let before = live.prefix { $0.id != run.id }.filter { $0.status == .pending }
        let begun = live.filter { $0.status > .pending }
        self.unmet = unmet
        self.group = group
        notBefore = run.isLater(than: now) ? run.notBefore : nil
        ahead = before.count
        going = begun.count
        places = limits.concurrency
        self.isRunnerAway = isRunnerAway
        guard let definition else { return }
        if definition.overlap != .allow { others = (begun + before).filter { $0.task == run.task } }
        let decision = Admission.decide(
            definition,
            run: run,
            living: [],
            unmet: unmet,
            fullGroup: group?.name,
            startBy: limits.startBy,
            now: now
        )
        if case .hold(let until) = decision { deadline = until.map { $0 - .milliseconds(1) } }
    }

    /// One entry for each thing that is waited for.
    var json: JSON {
        let requirements = unmet.map { requirement in
            var entry: JSONObject = ["what": .string(requirement.description)]
            switch requirement.subject {
            case .service(let name): entry["service"] = .string(name)
            case .task(let id): entry["task"] = .string(id)
            }
            entry["condition"] = .string(requirement.effectiveCondition.rawValue)
            return JSON.object(entry)
        }
        let runs = others.map { other -> JSON in
            ["what": .string("\(other.shortName) to end"), "run": .string(other.id)]
        }
        let time = notBefore.map { time -> JSON in ["what": "its time", "at": time.json] }
        let group = group.map { group -> JSON in
            [
                "what": .string("a place in group \(group.name)"), "group": .string(group.name),
                "places": .number(String(group.limit)),
            ]
        }
        let place: JSON = [
            "what": "a free place", "places": .number(String(places)), "ahead": .number(String(ahead)),
        ]
        return .array(
            [time].compactMap(\.self) + requirements + [group].compactMap(\.self) + runs + (isPlaceFree ? [] : [place])
        )
    }
}

extension Run {
    /// `backup/7`
    var shortName: String { "\(task)/\(number)" }
}
