import ReeveProtocol

@testable import ReeveSubmitter

/// An endpoint's machine among everything that can happen to it, held against a model of what must hold.
///
/// Reads and commits take time and see the journal at some moment in between, answers are random, people retry, drop and
/// replay, the agent crashes and goes on from what was committed.
struct Simulation {
    /// Something that the machine asked for and that is not over yet.
    private enum Work {
        case read(after: Int64, limit: Int, bytes: Int, seen: JournalPage?)
        case readLane(Lane, after: Int64, limit: Int, bytes: Int, seen: JournalPage?)
        case readWanted(limit: Int)
        case send(Parcel)
        case commit(DeliveryProgress)
    }

    private(set) var facts = SimulationFacts()
    private(set) var model: SimulationModel
    private(set) var journal = ModelJournal()
    private var machine: EndpointMachine
    private var random: SplitMix
    private var now = Duration.zero
    private var work: [Work] = []
    private var alarm: Duration?
    /// The parcels under way that are dead letters tried again.
    private var retries: Set<Int> = []
    private var settings: EndpointSettings
    private let limits: SubmitterLimits
    private let lanes: [Lane]

    var problems: [String] { model.problems }

    init(seed: UInt64) {
        random = SplitMix(seed: seed)
        var definition = EndpointDefinition(name: "model", url: "http://model/")
        definition.inFlight = Int.random(in: 1...5, using: &random)
        definition.filter = EventFilter(types: ["dev.reeve.*", "order.*"])
        definition.retry = RetryDefinition(limit: Int.random(in: 1...4, using: &random))
        definition.refused = Bool.random(using: &random) ? .hold : .deadLetter
        if Bool.random(using: &random) {
            definition.batch = BatchDefinition(
                events: Int.random(in: 2...9, using: &random),
                bytes: ByteSize(bytes: Int.random(in: 1000...9000, using: &random))
            )
        }
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
        model = SimulationModel(settings: settings, limits: limits)
    }

    mutating func run(steps: Int) {
        tell(.journalGrew)
        for _ in 0..<steps where problems.isEmpty { step() }
        // From now on everything goes well, and must come to an end: as far as nobody is asked, and then all of it.
        goOn()
        if !machine.isPaused { checkWishes() }
        tell(.redefined(settings, isPaused: false))
        goOn()
        if problems.isEmpty { checkEnd() }
    }

    private mutating func goOn() {
        tell(.flushRequested(through: journal.head))
        var left = 200 * (journal.changes.count + 200)
        while problems.isEmpty, left > 0, !work.isEmpty || alarm != nil {
            left -= 1
            if work.isEmpty { passTime() } else { finish(0, succeeds: true) }
        }
        if left == 0 { model.problems.append("does not come to an end") }
    }

    private mutating func step() {
        facts.steps += 1
        switch Int.random(in: 0..<200, using: &random) {
        case 0..<64: append()
        case 64..<164:
            if let index = work.indices.randomElement(using: &random) { finish(index, succeeds: false) }
        case 164..<190: passTime()
        case 190, 191: crash()
        case 192, 193: redefine()
        case 194: replay()
        case 195, 196: want(.retry)
        case 197: want(.drop)
        default: tell(.flushRequested(through: journal.head))
        }
    }

    private mutating func redefine() {
        settings.refused = Bool.random(using: &random) ? .hold : .deadLetter
        model.settings = settings
        tell(.redefined(settings, isPaused: false))
    }

    private mutating func append() {
        for _ in 0..<Int.random(in: 1...6, using: &random) {
            guard let lane = lanes.randomElement(using: &random) else { return }
            let types = [
                "dev.reeve.run.progress", "dev.reeve.run.progress", "dev.reeve.run.failed", "order.paid", "other",
            ]
            let type = types.randomElement(using: &random) ?? "other"
            let run = "run \(Int.random(in: 0...1, using: &random))"
            model.append(journal.append(lane, type, run: run, padding: Int.random(in: 0...400, using: &random)))
        }
        tell(.journalGrew)
    }

    private mutating func passTime() {
        guard let alarm else { return }
        now = max(now, alarm)
        self.alarm = nil
        tell(.timeCame)
    }

    /// Somebody wants something to become of some dead letters.
    private mutating func want(_ wish: WantedLetter.Wish) {
        let letters = journal.deadLetters.filter { _ in Bool.random(using: &random) }
        journal.want(wish, letters.map(\.change.sequence))
        if wish == .drop { model.dropped(letters) } else { model.retried(letters) }
        facts.retries += wish == .retry ? letters.count : 0
        tell(.letterWanted)
    }

    /// Somebody wants things again: the machine starts anew from the journal, and so does it after a crash.
    private mutating func replay() {
        facts.replays += 1
        let after = Int64.random(in: 0...journal.head, using: &random)
        if Bool.random(using: &random), let lane = lanes.randomElement(using: &random) {
            let end = Bool.random(using: &random) ? Int64.random(in: after...journal.head, using: &random) : nil
            model.replayed(after: after, through: end ?? .max, [lane], journal)
            journal.replay(after: after, through: end, lane: lane)
        } else {
            model.replayed(after: after, through: .max, lanes, journal)
            journal.replay(after: after)
        }
        restart()
    }

    /// Everything in memory is lost.
    private mutating func crash() {
        facts.crashes += 1
        // A commit under way may have been written or not.
        for case .commit(let progress) in work where Bool.random(using: &random) { commit(progress) }
        restart()
    }

    private mutating func restart() {
        work = []
        retries = []
        alarm = nil
        model.restarted(journal)
        machine = EndpointMachine(
            settings,
            cursor: journal.cursor,
            positions: journal.lanePositions,
            replayThrough: journal.replayThrough,
            limits: limits,
            seed: random.next()
        )
        tell(.journalGrew)
    }

    private mutating func tell(_ event: EndpointMachine.Event) {
        for action in machine.handle(event, at: now) { start(action) }
        facts.mostLaggards = max(facts.mostLaggards, machine.laggards)
        model.checkMemory(of: machine, journal)
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
        case .readWanted(let limit): work.append(.readWanted(limit: limit))
        case .send(let parcel):
            facts.requests += 1
            facts.largestBatch = max(facts.largestBatch, parcel.submissions.count)
            let others = work.compactMap { if case .send(let other) = $0 { other } else { nil } }
            if machine.lanes[parcel.submissions[0].lane]?.state == .sending(0) { retries.insert(parcel.number) }
            model.sent(parcel, isRetry: retries.contains(parcel.number), beside: others, journal)
            work.append(.send(parcel))
        case .commit(let progress):
            for case .commit in work { model.problems.append("two commits at once") }
            work.append(.commit(progress))
        case .wake(let time): alarm = min(alarm ?? time, time)
        case .tell: break
        }
    }

    private mutating func finish(_ index: Int, succeeds: Bool) {
        switch work.remove(at: index) {
        case .read(let after, let limit, let bytes, let seen):
            tell(.read(seen ?? journal.page(after: after, limit: limit, bytes: bytes)))
        case .readLane(let lane, let after, let limit, let bytes, let seen):
            tell(.readLane(lane, seen ?? journal.page(after: after, of: lane, limit: limit, bytes: bytes)))
        case .readWanted(let limit): tell(.readWanted(journal.wanted(limit)))
        case .send(let parcel): answer(parcel, succeeds: succeeds)
        case .commit(let progress):
            let isMoreWanted = commit(progress)
            tell(.committed)
            if isMoreWanted { tell(.letterWanted) }
        }
    }

    private mutating func answer(_ parcel: Parcel, succeeds: Bool) {
        let reply = Reply(status: 200, text: "")
        let isRetry = retries.remove(parcel.number) != nil
        switch succeeds ? 0 : Int.random(in: 0..<20, using: &random) {
        case 0..<10:
            model.delivered(parcel, isRetry: isRetry)
            tell(.answered(parcel.number, .delivered(reply)))
        case 10..<15:
            let after = Bool.random(using: &random) ? Duration.seconds(Int.random(in: 0...60, using: &random)) : nil
            tell(.answered(parcel.number, .trouble(reply, after: after)))
        case 15: tell(.answered(parcel.number, .paused(reply)))
        default:
            let refusals = machine.lanes[parcel.submissions[0].lane]?.refusals ?? 0
            if parcel.submissions.count > 1 {
                facts.halved += 1
                model.halved(parcel)
            } else if isRetry || refusals + 1 >= settings.retry.limit {
                facts.givenUp += parcel.submissions[0].changes.count
                model.refused(parcel, isRetry: isRetry, journal)
            }
            tell(.answered(parcel.number, .refused(reply)))
        }
    }

    @discardableResult
    private mutating func commit(_ progress: DeliveryProgress) -> Bool {
        let isMoreWanted = journal.commit(progress)
        facts.told += progress.refusals?.count ?? 0
        model.committed(journal)
        return isMoreWanted
    }

    /// Only a lane that is held, for another letter, keeps one from being tried again.
    private mutating func checkWishes() {
        for letter in journal.deadLetters {
            guard let wish = journal.wishes[letter.change.sequence] else { continue }
            if wish == .retry, machine.lanes[letter.change.lane]?.state == .held { continue }
            model.problems.append("\(letter.change.sequence) is to be \(wish), and waits for nothing")
        }
    }

    private mutating func checkEnd() {
        if let progress = machine.progress(isLast: true) { commit(progress) }
        model.checkEnd(machine, journal)
    }
}

/// That a simulation reached what it is about.
struct SimulationFacts {
    var steps = 0
    var requests = 0
    var crashes = 0
    var replays = 0
    var retries = 0
    var halved = 0
    var givenUp = 0
    var told = 0
    var mostLaggards = 0
    var largestBatch = 0

    mutating func add(_ other: SimulationFacts) {
        steps += other.steps
        requests += other.requests
        crashes += other.crashes
        replays += other.replays
        retries += other.retries
        halved += other.halved
        givenUp += other.givenUp
        told += other.told
        mostLaggards = max(mostLaggards, other.mostLaggards)
        largestBatch = max(largestBatch, other.largestBatch)
    }
}
