import Logging
import NIOConcurrencyHelpers
import ReeveProtocol

/// Carries the journal to one endpoint: the shell around an ``EndpointMachine``.
///
/// Everything that happens is put in a mailbox; one loop hands it to the machine and starts what the machine asks for,
/// each as a child task. No lock is held while anything is waited for.
final class EndpointSender: Sendable {
    /// What all senders share.
    struct Surroundings: Sendable {
        var journal: any DeliveryJournal
        var carriers: Carriers
        var places: SharedPlaces
        var clock: any Clock<Duration>
        /// One for all, so that what is known of times outlives a sender.
        var elapsed: @Sendable () -> Duration
        var logger: Logger
    }

    private struct State {
        var machine: EndpointMachine
        var record: EndpointRecord
        var carrier: any Carrier
        var mailbox: [EndpointMachine.Event] = []
        /// Times for which a child task sleeps.
        var alarms: Set<Duration> = []
        var flushes: [(through: Int64, end: AsyncStream<Never>.Continuation)] = []
        /// Those who wait until it has ended.
        var waiters: [AsyncStream<Never>.Continuation] = []
        var hasEnded = false
        var failure: (any Error)?
        var isStopped = false
    }

    let identity: EndpointRecord.Identity
    private let state: NIOLockedValueBox<State>
    private let surroundings: Surroundings
    private let wakes: AsyncStream<Void>
    private let wake: AsyncStream<Void>.Continuation

    init(_ record: EndpointRecord, _ machine: EndpointMachine, _ surroundings: Surroundings) {
        identity = record.identity
        let carrier = surroundings.carriers.carrier(for: record.definition, previousKey: record.previousKey)
        state = NIOLockedValueBox(State(machine: machine, record: record, carrier: carrier))
        self.surroundings = surroundings
        (wakes, wake) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// Sends until ``stop()`` or cancellation; throws what the journal throws.
    ///
    /// Requests that are under way at the end are given up; what was answered until then is written down first.
    ///
    /// - Parameter predecessor: Whose place it takes, with what is known of how well the endpoint is; it has to end first.
    func run(after predecessor: EndpointSender? = nil) async throws {
        defer { hasEnded() }
        if let predecessor {
            await predecessor.end()
            state.withLockedValue { $0.machine.inherit(predecessor.state.withLockedValue(\.machine)) }
        }
        await withDiscardingTaskGroup { group in
            group.addTask { [journal = surroundings.journal] in
                for await _ in journal.journalChanges() { self.happened(.journalGrew) }
            }
            group.addTask { [journal = surroundings.journal] in
                for await _ in journal.wishChanges() { self.happened(.letterWanted) }
            }
            for await _ in wakes {
                for action in react() { start(action, in: &group) }
                if isOver { break }
            }
            group.cancelAll()
        }
        state.withLockedValue { $0.mailbox.insert(.stopped, at: 0) }
        let last = react()
        endFlushes()
        if let failure = state.withLockedValue(\.failure) { throw failure }
        for case .commit(let progress) in last { try await commit(progress) }
        if let progress = state.withLockedValue({ $0.machine.progress(isLast: true) }) { try await commit(progress) }
    }

    /// Makes ``run()`` return soon.
    func stop() {
        state.withLockedValue { $0.isStopped = true }
        wake.yield()
    }

    /// The endpoint was put again, or paused, or resumed.
    func redefine(_ record: EndpointRecord) {
        let changed = state.withLockedValue { state in
            defer { state.record = record }
            let isOther = state.record.definition != record.definition
            if isOther || state.record.previousKey != record.previousKey {
                state.carrier = surroundings.carriers.carrier(for: record.definition, previousKey: record.previousKey)
            }
            return isOther || state.record.isPaused != record.isPaused || state.record.muting != record.muting
        }
        if changed {
            happened(.redefined(EndpointSettings(record.definition, muting: record.muting), isPaused: record.isPaused))
        }
    }

    /// It may be tried now: what is waited for is forgotten, also what the receiver has asked for.
    func tryNow() {
        let record = state.withLockedValue(\.record)
        happened(.redefined(EndpointSettings(record.definition, muting: record.muting), isPaused: record.isPaused))
    }

    /// Returns when everything up to that number is done and written down, with what is wanted of dead letters, when the
    /// sender has ended, or when the caller is cancelled.
    func flush(through sequence: Int64) async {
        let (stream, end) = AsyncStream<Never>.makeStream()
        let isOver = state.withLockedValue { state in
            state.flushes.append((sequence, end))
            return state.isStopped
        }
        guard !isOver else { return }
        happened(.flushRequested(through: sequence))
        for await _ in stream {}
    }

    /// Returns when ``run(after:)`` is over, whoever cancels: nothing is sent any more then.
    private func end() async {
        await Task { [self] in
            let (stream, end) = AsyncStream<Never>.makeStream()
            let isOver = state.withLockedValue { state in
                if !state.hasEnded { state.waiters.append(end) }
                return state.hasEnded
            }
            guard !isOver else { return }
            for await _ in stream {}
        }.value
    }

    private func hasEnded() {
        let waiters = state.withLockedValue { state in
            state.hasEnded = true
            defer { state.waiters = [] }
            return state.waiters
        }
        for waiter in waiters { waiter.finish() }
    }

    var record: EndpointRecord { state.withLockedValue(\.record) }
    var settings: EndpointSettings { state.withLockedValue(\.machine.settings) }
    var overview: EndpointOverview { state.withLockedValue(\.machine.overview) }
    /// Both of one moment.
    var situation: (overview: EndpointOverview, lanes: LaneStandings) {
        state.withLockedValue { ($0.machine.overview, $0.machine.laneStandings) }
    }
    /// Of the requests under way, those that wait until fewer are, of all endpoints.
    var waitingForPlace: Int { surroundings.places.waiting(of: identity.name) }
    var oldestPending: Timestamp? { state.withLockedValue(\.machine.oldestPending) }
    /// What time it is for the machine.
    var elapsed: Duration { surroundings.elapsed() }

    func isDone(through sequence: Int64) -> Bool {
        state.withLockedValue { $0.machine.isDone(through: sequence) }
    }

    func pending(through sequence: Int64) -> Int? {
        state.withLockedValue { $0.machine.pending(through: sequence) }
    }

    func standing(of change: StateChange) -> ChangeStanding? {
        state.withLockedValue { $0.machine.standing(of: change) }
    }
}

extension EndpointSender {
    private var isOver: Bool { state.withLockedValue { $0.isStopped || $0.failure != nil } }

    private func happened(_ event: EndpointMachine.Event) {
        state.withLockedValue { $0.mailbox.append(event) }
        wake.yield()
    }

    /// Hands the machine what has happened, and answers what it wants done.
    private func react() -> [EndpointMachine.Action] {
        let now = elapsed
        let (actions, flushed) = state.withLockedValue { state in
            var actions: [EndpointMachine.Action] = []
            for event in state.mailbox { actions += state.machine.handle(event, at: now) }
            state.mailbox = []
            let flushed = state.flushes.filter { state.machine.isSettled(through: $0.through) }
            if !flushed.isEmpty { state.flushes.removeAll { state.machine.isSettled(through: $0.through) } }
            return (actions, flushed)
        }
        for flush in flushed { flush.end.finish() }
        return actions
    }

    private func endFlushes() {
        let flushes = state.withLockedValue { state in
            state.isStopped = true
            defer { state.flushes = [] }
            return state.flushes
        }
        for flush in flushes { flush.end.finish() }
    }

    private func start(_ action: EndpointMachine.Action, in group: inout DiscardingTaskGroup) {
        switch action {
        case .read(let after, let limit, let bytes):
            add(to: &group) { [name = identity.name] in
                .read(try await $0.journal.page(after: after, of: nil, for: name, limit: limit, bytes: bytes))
            }
        case .readLane(let lane, let after, let limit, let bytes):
            add(to: &group) { [name = identity.name] in
                let page = try await $0.journal.page(after: after, of: lane, for: name, limit: limit, bytes: bytes)
                return .readLane(lane, page)
            }
        case .send(let parcel):
            let carrier = state.withLockedValue(\.carrier)
            add(to: &group) { [name = identity.name] surroundings in
                try await surroundings.places.with(name) {
                    .answered(parcel.number, await carrier.carry(parcel.submissions).result)
                }
            }
        case .readWanted(let limit):
            add(to: &group) { [name = identity.name] in
                .readWanted(try await $0.journal.wantedLetters(of: name, limit: limit))
            }
        case .wake(let time): setAlarm(time, in: &group)
        case .commit(let progress):
            group.addTask {
                do {
                    try await self.commit(progress)
                    self.happened(.committed)
                } catch { self.failed(error) }
            }
        case .tell(let fact): tell(fact, in: &group)
        }
    }

    private func add(
        to group: inout DiscardingTaskGroup,
        _ work: @escaping @Sendable (Surroundings) async throws -> EndpointMachine.Event
    ) {
        group.addTask { [surroundings] in
            do {
                self.happened(try await work(surroundings))
            } catch {
                self.failed(error)
            }
        }
    }

    private func failed(_ error: any Error) {
        // What fails because of the end is no failure.
        guard !(error is CancellationError) else { return }
        state.withLockedValue { $0.failure = $0.failure ?? error }
        wake.yield()
    }

    /// What was acknowledged is written down, whoever cancels: then it is known what is written.
    private func commit(_ progress: DeliveryProgress) async throws {
        let (journal, identity) = (surroundings.journal, identity)
        try await Task { try await journal.commit(progress, of: identity) }.value
        guard let refusals = progress.refusals else { return }
        surroundings.logger.warning(
            "endpoint refused changes",
            metadata: [
                "endpoint": "\(identity.name)", "count": "\(refusals.count)", "reason": "\(refusals.reason)",
            ]
        )
    }

    private func setAlarm(_ time: Duration, in group: inout DiscardingTaskGroup) {
        let isNew = state.withLockedValue { state in
            // An earlier one asks the machine again.
            guard state.alarms.allSatisfy({ $0 > time }) else { return false }
            return state.alarms.insert(time).inserted
        }
        guard isNew else { return }
        group.addTask { [clock = surroundings.clock] in
            // Ends early by cancellation alone, and then nobody listens.
            try? await clock.sleep(for: time - self.elapsed)
            _ = self.state.withLockedValue { $0.alarms.remove(time) }
            self.happened(.timeCame)
        }
    }

    private func tell(_ fact: EndpointFact, in group: inout DiscardingTaskGroup) {
        let logger = surroundings.logger
        switch fact {
        case .opened(let reason):
            logger.warning(
                "endpoint does not answer",
                metadata: ["endpoint": "\(identity.name)", "reason": "\(reason)"]
            )
        case .closed: logger.notice("endpoint answers again", metadata: ["endpoint": "\(identity.name)"])
        case .paused(let reason):
            logger.warning("endpoint wants no more", metadata: ["endpoint": "\(identity.name)", "reason": "\(reason)"])
        }
        group.addTask { [journal = surroundings.journal] in
            do { try await journal.tell(fact, of: self.identity) } catch { self.failed(error) }
        }
    }
}
