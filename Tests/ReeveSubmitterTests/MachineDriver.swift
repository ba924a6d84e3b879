import ReeveProtocol

@testable import ReeveSubmitter

/// A machine beside a model journal in which reads and commits are over at once, so that a test sees only what is sent.
struct MachineDriver {
    var machine: EndpointMachine
    var journal = ModelJournal()
    private(set) var now = Duration.zero
    private(set) var alarm: Duration?
    /// What was sent and not answered yet, by lane.
    private(set) var inFlight: [Lane: Parcel] = [:]
    /// The events of each request, as the numbers of their changes.
    private(set) var parcels: [[[Int64]]] = []
    /// Everything that was sent, as the numbers of the changes.
    private(set) var sent: [[Int64]] = []
    private(set) var told: [EndpointFact] = []
    private(set) var commits: [DeliveryProgress] = []

    init(limits: SubmitterLimits = SubmitterLimits(), _ configure: (inout EndpointDefinition) -> Void = { _ in }) {
        var definition = EndpointDefinition(name: "ops", url: "http://model/")
        configure(&definition)
        machine = EndpointMachine(EndpointSettings(definition), cursor: 0, limits: limits, seed: 1)
    }

    mutating func tell(_ event: EndpointMachine.Event) {
        for action in machine.handle(event, at: now) { perform(action) }
    }

    private mutating func perform(_ action: EndpointMachine.Action) {
        switch action {
        case .read(let after, let limit, let bytes):
            tell(.read(journal.page(after: after, limit: limit, bytes: bytes)))
        case .readLane(let lane, let after, let limit, let bytes):
            tell(.readLane(lane, journal.page(after: after, of: lane, limit: limit, bytes: bytes)))
        case .send(let parcel):
            for submission in parcel.submissions {
                inFlight[submission.lane] = parcel
                sent.append(submission.changes.map(\.sequence))
            }
            parcels.append(parcel.submissions.map { $0.changes.map(\.sequence) })
        case .readWanted(let limit): tell(.readWanted(journal.wanted(limit)))
        case .commit(let progress):
            let isMoreWanted = journal.commit(progress)
            commits.append(progress)
            tell(.committed)
            if isMoreWanted { tell(.letterWanted) }
        case .wake(let time): alarm = min(alarm ?? time, time)
        case .tell(let fact): told.append(fact)
        }
    }

    /// Begins anew from what was written down.
    mutating func restart(_ configure: (inout SubmitterLimits) -> Void = { _ in }) {
        var limits = machine.limits
        configure(&limits)
        let (cursor, positions) = (journal.cursor, journal.lanePositions)
        machine = EndpointMachine(machine.settings, cursor: cursor, positions: positions, limits: limits, seed: 1)
        inFlight = [:]
    }

    mutating func append(_ lane: Lane, _ types: String...) {
        for type in types { journal.append(lane, type) }
        tell(.journalGrew)
    }

    mutating func answer(_ lane: Lane, _ result: DeliveryResult = .delivered(Reply(status: 200, text: ""))) {
        guard let parcel = inFlight[lane] else { return }
        for submission in parcel.submissions { inFlight[submission.lane] = nil }
        tell(.answered(parcel.number, result))
    }

    mutating func fail(_ lane: Lane, after: Duration? = nil) {
        answer(lane, .trouble(Reply(status: 500, text: "broken"), after: after))
    }

    /// Has what match dead letters tried again, or dropped.
    mutating func want(_ wish: WantedLetter.Wish, _ sequences: Int64...) {
        journal.want(wish, sequences)
        tell(.letterWanted)
    }

    mutating func refuse(_ lane: Lane) {
        answer(lane, .refused(Reply(status: 400, text: "no")))
    }

    /// Lets time pass until `time` at most, through all alarms on the way.
    mutating func pass(to time: Duration) {
        while let next = alarm, next <= time {
            now = max(now, next)
            alarm = nil
            tell(.timeCame)
        }
        now = time
    }
}

let progress = "dev.reeve.run.progress"
let running = "dev.reeve.run.running"
let failed = "dev.reeve.run.failed"
