import ReeveProtocol
import ReeveStore

@testable import ReeveSubmitter

/// What must hold of one endpoint, whatever happens: it knows nothing of windows, laggards or parcels.
struct SimulationModel {
    /// What is known of one lane.
    private struct LaneModel {
        /// The changes that the filter takes.
        var taken: [StateChange] = []
        /// How many of them, from the first, are done for good.
        var settled = 0
        /// What is to be sent next, and after that, as this life of the agent knows.
        var next: ArraySlice<(change: StateChange, isRedelivered: Bool)> = []
        /// What the next try must be, after one that failed.
        var unfinished: [StateChange]?
        /// Held changes up to here need not come any more.
        var droppedThrough: Int64 = 0
    }

    var problems: [String] = []
    private var lanes: [Lane: LaneModel] = [:]
    /// Changes that were delivered, given up or dropped.
    private var done: Set<Int64> = []
    /// Those of them that no crash takes back.
    private var gone: Set<Int64> = []
    /// Dead letters that somebody wanted to be tried again.
    private var asked: Set<Int64> = []
    private var mostPositions = 0
    /// Those that are dead or held, and those of them that are held.
    private var dead: Set<Int64> = []
    private var held: Set<Int64> = []
    /// Changes that somebody asked for again and that have not been sent since.
    private var owed: Set<Int64> = []
    var settings: EndpointSettings
    private let limits: SubmitterLimits

    init(settings: EndpointSettings, limits: SubmitterLimits) {
        self.settings = settings
        self.limits = limits
    }

    // MARK: What happens

    mutating func append(_ change: StateChange) {
        guard settings.takes(change) else { return }
        lanes[change.lane, default: LaneModel()].taken.append(change)
        lanes[change.lane]?.next.append((change, false))
    }

    /// What goes on now is what the journal says.
    mutating func restarted(_ journal: ModelJournal) {
        // What was given up and not written down is not given up.
        let written = Set(journal.deadLetters.map(\.change.sequence))
        let kept = journal.deadLetters.filter { !$0.isHeld || $0.change.sequence > journal.dropped($0.change.lane) }
        dead = Set(kept.map(\.change.sequence))
        held = Set(kept.filter(\.isHeld).map(\.change.sequence))
        done = gone.union(written)
        mostPositions = journal.positions.count
        asked = Set(journal.wishes.filter { $0.value == .retry }.keys)
        for lane in lanes.keys {
            lanes[lane]?.unfinished = nil
            lanes[lane]?.droppedThrough = journal.dropped(lane)
            settle(lane, from: 0)
            let (start, replay) = (journal.committed(lane), journal.replays[lane])
            let again = replay?.through ?? journal.replayThrough ?? 0
            let left = lanes[lane]?.taken.drop { $0.sequence <= start } ?? []
            let wanted = left.filter { replay?.skips($0.sequence) != true }
            lanes[lane]?.next = ArraySlice(wanted.map { ($0, $0.sequence <= again) })
        }
    }

    mutating func replayed(after: Int64, through: Int64, _ asked: [Lane], _ journal: ModelJournal) {
        for lane in asked {
            let last = min(through, journal.done(lane))
            let start = max(after, journal.dropped(lane))
            let again = lanes[lane]?.taken.filter { $0.sequence > start && $0.sequence <= last } ?? []
            owed.formUnion(again.map(\.sequence))
        }
    }

    mutating func retried(_ letters: [DeliveryProgress.GivenUp]) {
        asked.formUnion(letters.map(\.change.sequence))
    }

    mutating func dropped(_ letters: [DeliveryProgress.GivenUp]) {
        for letter in letters {
            let (lane, sequence) = (letter.change.lane, letter.change.sequence)
            gone.insert(sequence)
            dead.remove(sequence)
            guard letter.isHeld else { continue }
            let last = max(lanes[lane]?.droppedThrough ?? 0, sequence)
            lanes[lane]?.droppedThrough = last
            lanes[lane]?.unfinished = nil
            let before = (lanes[lane]?.taken.filter { $0.sequence <= last } ?? []).map(\.sequence)
            gone.formUnion(before)
            done.formUnion(before)
            dead.subtract(held.intersection(before))
            owed.subtract(before)
            settle(lane, from: lanes[lane]?.settled ?? 0)
        }
    }

    /// - Parameter isRetry: It is a dead letter that is tried again.
    mutating func sent(_ parcel: Parcel, isRetry: Bool, beside others: [Parcel], _ journal: ModelJournal) {
        if others.count >= settings.inFlight { problems.append("\(others.count + 1) requests at once") }
        if parcel.submissions.count > settings.batch.events { problems.append("a batch is too large") }
        let busy = Set(others.flatMap(\.submissions).map(\.lane))
        if isRetry {
            let sequence = parcel.submissions[0].changes[0].sequence
            if !asked.contains(sequence) { problems.append("\(sequence) is sent, and nobody asked for it") }
        }
        for (lane, submissions) in Dictionary(grouping: parcel.submissions, by: \.lane) {
            if busy.contains(lane) { problems.append("two requests of \(lane) at once") }
            if !isRetry { check(submissions, of: lane) }
        }
    }

    private mutating func check(_ submissions: [Submission], of lane: Lane) {
        guard var model = lanes[lane] else { return }
        let changes = submissions.flatMap(\.changes)
        // Of what is to be dropped it may not know yet, or not of all.
        let known = min(model.droppedThrough, changes[0].sequence - 1)
        model.next = model.next.drop { $0.change.sequence <= known }
        lanes[lane]?.next = model.next
        let expected = model.next.prefix(changes.count)
        if changes != expected.map(\.change) {
            problems.append("\(lane) is at \(changes.map(\.sequence)), not \(expected.map(\.change.sequence))")
        }
        if settings.batch.events == 1, let before = model.unfinished, before != changes,
            before[0].sequence > model.droppedThrough
        {
            problems.append("\(lane) is cut elsewhere")
        }
        lanes[lane]?.unfinished = changes
        for (index, change) in changes.enumerated() where !done.contains(change.sequence) {
            let before = model.taken[..<(model.taken.firstIndex(of: change) ?? 0)].last?.sequence
            let isNext = before.map { done.contains($0) || index > 0 && changes[index - 1].sequence == $0 } ?? true
            if !isNext { problems.append("\(lane) overtakes: \(change.sequence) before \(before ?? 0)") }
        }
        for submission in submissions { check(submission) }
    }

    private mutating func check(_ submission: Submission) {
        let lane = submission.lane
        if submission.changes.dropLast().contains(where: { !$0.isProgress }) {
            problems.append("\(lane) goes on after the change of the run itself")
        }
        if Set(submission.changes.map(\.run)).count > 1 { problems.append("\(lane) tells of two runs at once") }
        if submission.changes.count > limits.submission { problems.append("a submission is too long") }
        if submission.isRedelivered, submission.changes.contains(where: { !done.contains($0.sequence) }) {
            problems.append("\(lane) says that something came before that did not")
        }
    }

    mutating func delivered(_ parcel: Parcel, isRetry: Bool) {
        let sequences = parcel.submissions.flatMap(\.changes).map(\.sequence)
        dead.subtract(sequences)
        gone.formUnion(sequences)
        finish(parcel, isRetry: isRetry)
    }

    /// The receiver would not have it for the last time.
    mutating func refused(_ parcel: Parcel, isRetry: Bool, _ journal: ModelJournal) {
        let submission = parcel.submissions[0]
        let sequences = submission.changes.map(\.sequence)
        // One that was tried again is dead still, if nobody has dropped it meanwhile.
        guard !isRetry else { return finish(parcel, isRetry: true) }
        guard settings.refused == .deadLetter else {
            let last = lanes[submission.lane]?.droppedThrough ?? 0
            let kept = sequences.filter { $0 > last }
            dead.formUnion(kept)
            return held.formUnion(kept)
        }
        dead.formUnion(sequences.filter { journal.wishes[$0] != .drop })
        held.subtract(sequences)
        finish(parcel, isRetry: false)
    }

    mutating func halved(_ parcel: Parcel) {
        for submission in parcel.submissions { lanes[submission.lane]?.unfinished = nil }
    }

    private mutating func finish(_ parcel: Parcel, isRetry: Bool) {
        for submission in parcel.submissions {
            let (lane, sequences) = (submission.lane, submission.changes.map(\.sequence))
            done.formUnion(sequences)
            owed.subtract(sequences)
            if !isRetry {
                lanes[lane]?.next.removeFirst(sequences.count)
                lanes[lane]?.unfinished = nil
            }
            settle(lane, from: lanes[lane]?.settled ?? 0)
        }
    }

    private mutating func settle(_ lane: Lane, from start: Int) {
        guard var model = lanes[lane] else { return }
        model.settled = start
        while model.settled < model.taken.count, done.contains(model.taken[model.settled].sequence) {
            model.settled += 1
        }
        lanes[lane] = model
    }

    // MARK: What is checked

    /// What is written down must have been acknowledged.
    mutating func committed(_ journal: ModelJournal) {
        for (lane, model) in lanes where model.settled < model.taken.count {
            guard journal.committed(lane) >= model.taken[model.settled].sequence else { continue }
            problems.append("\(lane) is written down as done before it was")
        }
    }

    mutating func checkMemory(of machine: EndpointMachine, _ journal: ModelJournal) {
        let kept = machine.lanes.values.reduce(0) { $0 + $1.items.count }
        let most = limits.window + (settings.inFlight + limits.laggards + mostPositions) * 2 * limits.submission
        if kept > most { problems.append("keeps \(kept) changes in memory") }
        if machine.window.count > limits.window { problems.append("the window has \(machine.window.count) changes") }
        if machine.laggards > limits.laggards + max(mostPositions, journal.positions.count) {
            problems.append("too many laggards")
        }
        if machine.parcels.count > machine.lanes.count { problems.append("parcels are never forgotten") }
    }

    mutating func checkEnd(_ machine: EndpointMachine, _ journal: ModelJournal) {
        for (lane, model) in lanes where model.settled < model.taken.count {
            problems.append("\(lane) stopped after \(model.settled) of \(model.taken.count)")
        }
        if !owed.isEmpty { problems.append("\(owed.sorted()) never came again") }
        let letters = Set(journal.deadLetters.map(\.change.sequence))
        if letters != dead { problems.append("dead letters are \(letters.sorted()), not \(dead.sorted())") }
        if !journal.wishes.isEmpty { problems.append("\(journal.wishes) are not fulfilled") }
        if !machine.isDone(through: journal.head) { problems.append("the machine does not know that it is done") }
        if journal.cursor != journal.head { problems.append("the cursor stays at \(journal.cursor)") }
        if !journal.positions.isEmpty { problems.append("positions stay: \(journal.positions)") }
        if !machine.lanes.isEmpty { problems.append("lanes are never forgotten") }
        if !machine.parcels.isEmpty { problems.append("parcels are never forgotten") }
    }
}
