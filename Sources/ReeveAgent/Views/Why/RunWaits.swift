import JSON
import ReeveProtocol
import ReeveRunner
import ReeveScheduler
import ReeveStore

/// What keeps a pending run from beginning; nothing of it if it is about to.
struct RunWaits: Sendable {
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
    /// When it is told as missed if it has not begun by then.
    var deadline: Timestamp?
    /// Runs of its task that are in its way, by its overlap; none where that lets one more live.
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
    ///   - groups: As they were put.
    init(
        of run: Run,
        _ definition: TaskDefinition?,
        among live: [Run],
        unmet: [RequirementDefinition],
        group: FullGroup? = nil,
        limits: RunLimits,
        groups: [StoredGroup] = [],
        isRunnerAway: Bool,
        now: Timestamp
    ) {
        // Another try whose time has not come is in nobody's way.
        let before = live.prefix { $0.id != run.id }.filter { $0.status == .pending && !$0.isLater(than: now) }
        let begun = live.filter { $0.status > .pending }
        self.unmet = unmet
        self.group = group
        notBefore = run.isLater(than: now) ? run.notBefore : nil
        ahead = before.count
        going = begun.count
        places = limits.places(with: groups)
        self.isRunnerAway = isRunnerAway
        guard let definition else { return }
        others = (definition.overlap ?? .skip).inTheWay((begun + before).filter { $0.task == run.task })
        guard notBefore == nil else { return }
        let isHeld = !unmet.isEmpty || group != nil
        let startBy = isHeld ? Admission.deadline(of: run, definition, startBy: limits.startBy) : nil
        deadline = [startBy, run.notAfter].compactMap(\.self).filter { now <= $0 }.min()
    }

    /// One entry for each thing that is waited for.
    func json(showing zone: Zone?) -> JSON {
        let runs = others.map { other -> JSON in
            ["what": .string("\(other.shortName) to end"), "run": .string(other.id)]
        }
        let time = notBefore.map { time -> JSON in
            let entry: JSONObject = ["what": "its time", "at": time.json]
            return .object(entry.withLocalTimes("at", zone: zone))
        }
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
            [time].compactMap(\.self) + unmet.map(\.waitingFor) + [group].compactMap(\.self) + runs
                + (isPlaceFree ? [] : [place])
        )
    }
}
