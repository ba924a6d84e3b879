import ReeveProtocol

@testable import ReeveSubmitter

/// An endpoint's machine among everything that can happen to it, held against a model of what must hold.
///
/// Reads and commits take time and see the journal at some moment in between, answers are random, the agent crashes and
/// goes on from what was committed.
struct Simulation {
    /// Something that the machine asked for and that is not over yet.
    private enum Work {
        case read(after: Int64, limit: Int, bytes: Int, seen: JournalPage?)
        case readLane(Lane, after: Int64, limit: Int, bytes: Int, seen: JournalPage?)
        case send(Submission)
        case commit(DeliveryProgress)
    }

    private(set) var problems: [String] = []
    private(set) var journal = ModelJournal()
    private(set) var submissions = 0
    private(set) var crashes = 0
    private(set) var mostLaggards = 0
    private(set) var deadLettered = 0

    private var machine: EndpointMachine
    private var random: SplitMix
    private var now = Duration.zero
    private var work: [Work] = []
    private var alarm: Duration?
    /// For each lane, the changes that the filter takes.
    private var taken: [Lane: [StateChange]] = [:]
    /// For each lane, how many of them are done as this agent knows.
    private var done: [Lane: Int] = [:]
    /// What the lane's next try must be, after one that failed.
    private var unfinished: [Lane: [StateChange]] = [:]
    private var settings: EndpointSettings
    private let limits: SubmitterLimits
    private let lanes: [Lane]

    init(seed: UInt64) {
        random = SplitMix(seed: seed)
        var definition = EndpointDefinition(name: "model", url: "http://model/")
        definition.inFlight = Int.random(in: 1...5, using: &random)
        definition.filter = EventFilter(types: ["dev.reeve.*", "order.*"])
        definition.retry = RetryDefinition(limit: Int.random(in: 1...4, using: &random))
        settings = EndpointSettings(definition)
        var limits = SubmitterLimits()
        limits.window = Int.random(in: 4...24, using: &random)
        limits.windowBytes = Int.random(in: 3000...20000, using: &random)
        limits.page = Int.random(in: 1...9, using: &random)
        limits.laggards = Int.random(in: 0...4, using: &random)
        limits.submission = Int.random(in: 1...5, using: &random)
        limits.submissionBytes = Int.random(in: 500...2000, using: &random)
        self.limits = limits
        lanes = (0..<Int.random(in: 1...8, using: &random)).map { Lane.task("t\($0)") }
        machine = EndpointMachine(settings, cursor: 0, limits: limits, seed: seed)
    }

    mutating func run(steps: Int) {
        tell(.journalGrew)
        for _ in 0..<steps where problems.isEmpty { step() }
        // From now on everything goes well, and must come to an end.
        tell(.flushRequested(through: journal.head))
        var left = 50 * (journal.changes.count + 100)
        while problems.isEmpty, left > 0, !work.isEmpty || alarm != nil {
            left -= 1
            if work.isEmpty { passTime() } else { finish(0, succeeds: true) }
        }
        if left == 0 { problems.append("does not come to an end") }
        if problems.isEmpty { checkEnd() }
    }

    private mutating func step() {
        switch Int.random(in: 0..<100, using: &random) {
        case 0..<35: append()
        case 35..<85:
            if let index = work.indices.randomElement(using: &random) { finish(index, succeeds: false) }
        case 85..<97: passTime()
        case 97: crash()
        case 98: tell(.redefined(settings, isPaused: false))
        default: tell(.flushRequested(through: journal.head))
        }
    }

    private mutating func append() {
        for _ in 0..<Int.random(in: 1...6, using: &random) {
            guard let lane = lanes.randomElement(using: &random) else { return }
            let types = [
                "dev.reeve.run.progress", "dev.reeve.run.progress", "dev.reeve.run.failed", "order.paid", "other",
            ]
            let type = types.randomElement(using: &random) ?? "other"
            let change = journal.append(lane, type, padding: Int.random(in: 0...400, using: &random))
            if settings.takes(change) { taken[lane, default: []].append(change) }
        }
        tell(.journalGrew)
    }

    private mutating func passTime() {
        guard let alarm else { return }
        now = max(now, alarm)
        self.alarm = nil
        tell(.timeCame)
    }

    /// Everything in memory is lost.
    private mutating func crash() {
        crashes += 1
        // A commit under way may have been written or not.
        for case .commit(let progress) in work where Bool.random(using: &random) { commit(progress) }
        work = []
        alarm = nil
        unfinished = [:]
        for lane in lanes {
            done[lane] = (taken[lane] ?? []).prefix { $0.sequence <= journal.committed(lane) }.count
        }
        machine = EndpointMachine(
            settings,
            cursor: journal.cursor,
            positions: journal.positions,
            limits: limits,
            seed: random.next()
        )
        tell(.journalGrew)
    }

    private mutating func tell(_ event: EndpointMachine.Event) {
        for action in machine.handle(event, at: now) { start(action) }
        mostLaggards = max(mostLaggards, machine.laggards)
        let kept = machine.lanes.values.reduce(0) { $0 + $1.items.count }
        let most = limits.window + (settings.inFlight + limits.laggards) * 2 * limits.submission
        if kept > most { problems.append("keeps \(kept) changes in memory") }
        if machine.window.count > limits.window { problems.append("the window has \(machine.window.count) changes") }
        if machine.laggards > limits.laggards + journal.positions.count { problems.append("too many laggards") }
    }

    private mutating func start(_ action: EndpointMachine.Action) {
        let seesNow = Bool.random(using: &random)
        switch action {
        case .read(let after, let limit, let bytes):
            let page = seesNow ? journal.page(after: after, limit: limit, bytes: bytes) : nil
            work.append(.read(after: after, limit: limit, bytes: bytes, seen: page))
        case .readLane(let lane, let after, let limit, let bytes):
            let page = seesNow ? journal.page(after: after, of: lane, limit: limit, bytes: bytes) : nil
            work.append(.readLane(lane, after: after, limit: limit, bytes: bytes, seen: page))
        case .send(let submission):
            check(submission)
            work.append(.send(submission))
        case .commit(let progress):
            for case .commit in work { problems.append("two commits at once") }
            work.append(.commit(progress))
        case .wake(let time): alarm = min(alarm ?? time, time)
        case .tell: break
        }
    }

    private mutating func check(_ submission: Submission) {
        submissions += 1
        let lane = submission.lane
        var inFlight = 0
        for case .send(let other) in work {
            inFlight += 1
            if other.lane == lane { problems.append("two requests of \(lane) at once") }
        }
        if inFlight >= settings.inFlight { problems.append("\(inFlight + 1) requests at once") }
        let expected = (taken[lane] ?? []).dropFirst(done[lane] ?? 0).prefix(submission.changes.count)
        if submission.changes != Array(expected) { problems.append("\(lane) is not at its next change") }
        if let before = unfinished[lane], before != submission.changes { problems.append("\(lane) is cut elsewhere") }
        if submission.changes.dropLast().contains(where: { !$0.isProgress }) {
            problems.append("\(lane) goes on after the change of the run itself")
        }
        if submission.changes.count > limits.submission { problems.append("a submission is too long") }
    }

    private mutating func finish(_ index: Int, succeeds: Bool) {
        switch work.remove(at: index) {
        case .read(let after, let limit, let bytes, let seen):
            tell(.read(seen ?? journal.page(after: after, limit: limit, bytes: bytes)))
        case .readLane(let lane, let after, let limit, let bytes, let seen):
            tell(.readLane(lane, seen ?? journal.page(after: after, of: lane, limit: limit, bytes: bytes)))
        case .send(let submission): answer(submission, succeeds: succeeds)
        case .commit(let progress):
            commit(progress)
            tell(.committed)
        }
    }

    private mutating func answer(_ submission: Submission, succeeds: Bool) {
        let (lane, count) = (submission.lane, submission.changes.count)
        unfinished[lane] = submission.changes
        let reply = Reply(status: 200, text: "")
        switch succeeds ? 0 : Int.random(in: 0..<10, using: &random) {
        case 0..<5:
            done[lane, default: 0] += count
            unfinished[lane] = nil
            tell(.answered(lane, .delivered(reply)))
        case 5..<7:
            let after = Bool.random(using: &random) ? Duration.seconds(Int.random(in: 0...60, using: &random)) : nil
            tell(.answered(lane, .trouble(reply, after: after)))
        case 7: tell(.answered(lane, .trouble(reply, after: nil)))
        default:
            let isLast = (machine.lanes[lane]?.refusals ?? 0) + 1 >= settings.retry.limit
            if isLast {
                done[lane, default: 0] += count
                deadLettered += count
                unfinished[lane] = nil
            }
            tell(.answered(lane, .refused(reply)))
        }
    }

    /// What is written down must have been acknowledged.
    private mutating func commit(_ progress: DeliveryProgress) {
        let before = journal.cursor
        journal.commit(progress)
        if journal.cursor < before { problems.append("the cursor goes back") }
        for lane in lanes {
            let written = (taken[lane] ?? []).prefix { $0.sequence <= journal.committed(lane) }.count
            if written > done[lane] ?? 0 { problems.append("\(lane) is written down as done before it was") }
        }
    }

    private mutating func checkEnd() {
        for lane in lanes where done[lane] ?? 0 != (taken[lane] ?? []).count {
            problems.append("\(lane) stopped after \(done[lane] ?? 0) of \((taken[lane] ?? []).count)")
        }
        if !machine.isDone(through: journal.head) { problems.append("the machine does not know that it is done") }
        if let progress = machine.progress(isLast: true) { commit(progress) }
        if journal.cursor != journal.head { problems.append("the cursor stays at \(journal.cursor)") }
        if !journal.positions.isEmpty { problems.append("positions stay: \(journal.positions)") }
        if !machine.lanes.isEmpty { problems.append("lanes are never forgotten") }
    }
}
