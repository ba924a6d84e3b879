package import Logging
import NIOConcurrencyHelpers
package import ReeveLaunch
import ReeveProcess
package import ReeveProtocol
import ReeveStore

/// Carries the journal to every endpoint: in order in each lane, at least once, no endpoint waiting for another.
///
/// A worker: ``run()`` once, then it is done with. Endpoints that are put, changed or removed meanwhile are taken over.
/// What is undelivered at the end is in the journal, and goes on with the next submitter.
package final class Submitter: Sendable {
    package struct Configuration: Sendable {
        package var sender: EventSender
        package var secrets: SecretReader
        /// What commands are started with; without it none are.
        package var launcher: CommandLauncher?
        /// A folder of its own, for what commands write while they run.
        package var directory: String
        /// Finds what runs have written last.
        package var tails: (any OutputTails)?
        package var standardOutput: CInt = 1
        package var limits = SubmitterLimits()

        package init(
            sender: EventSender,
            secrets: SecretReader = SecretReader(credentialsDirectory: nil),
            launcher: CommandLauncher? = nil,
            directory: String = "/nonexistent",
            tails: (any OutputTails)? = nil
        ) {
            self.sender = sender
            self.secrets = secrets
            self.launcher = launcher
            self.directory = directory
            self.tails = tails
        }
    }

    private struct State {
        var senders: [String: EndpointSender] = [:]
        var isStopped = false
        var failure: (any Error)?
        /// Those who wait until the endpoints of the store have their senders.
        var waiters: [AsyncStream<Never>.Continuation] = []
        var identifiers = UUIDv7Generator()
    }

    private let state = NIOLockedValueBox(State())
    private let configuration: Configuration
    private let transport: any Transport
    private let surroundings: EndpointSender.Surroundings
    private let wallClock: any WallClock
    private let wakes: AsyncStream<Void>
    private let wake: AsyncStream<Void>.Continuation

    /// - Parameter transport: Is shut down at the end of ``run()``, so this is to be called.
    package init(
        journal: any DeliveryJournal,
        configuration: Configuration,
        transport: any Transport,
        clock: any Clock<Duration>,
        wallClock: any WallClock,
        logger: Logger
    ) {
        self.configuration = configuration
        self.transport = transport
        self.wallClock = wallClock
        surroundings = EndpointSender.Surroundings(
            journal: journal,
            carriers: Carriers(
                sender: configuration.sender,
                transport: transport,
                secrets: configuration.secrets,
                tails: configuration.tails,
                commands: configuration.launcher.map {
                    CommandCarrier.Surroundings(launcher: $0, directory: configuration.directory, clock: clock)
                },
                standardOutput: LineQueue(DescriptorPlace(configuration.standardOutput)),
                clock: clock,
                wallClock: wallClock
            ),
            places: SharedPlaces(limit: configuration.limits.requests),
            clock: clock,
            elapsed: clock.stopwatch(),
            logger: logger
        )
        (wakes, wake) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// Submits until ``stop()`` or cancellation; throws what the journal throws.
    ///
    /// Requests under way at the end are given up. Whoever wants them to end well calls ``flush(deadline:)`` before.
    package func run() async throws {
        await withDiscardingTaskGroup { group in
            group.addTask { [journal = surroundings.journal] in
                for await _ in journal.endpointChanges() { self.wake.yield() }
            }
            group.addTask { await self.keepTerms() }
            for await _ in wakes {
                guard !isOver else { break }
                let waiters = takeWaiters()
                do { try await takeOverEndpoints(in: &group) } catch { failed(error) }
                for waiter in waiters { waiter.finish() }
            }
            state.withLockedValue { $0.isStopped = true }
            for waiter in takeWaiters() { waiter.finish() }
            for sender in senders { sender.stop() }
            // The senders would end by themselves, but the listener above would not.
            group.cancelAll()
        }
        await transport.shutDown()
        if let failure = state.withLockedValue(\.failure) { throw failure }
    }

    /// Makes ``run()`` return soon.
    package func stop() {
        state.withLockedValue { $0.isStopped = true }
        wake.yield()
    }

    /// Returns when all endpoints that are in the store now have their senders, or when it is over.
    func takenOver() async {
        let (stream, end) = AsyncStream<Never>.makeStream()
        let isWaiting = state.withLockedValue { state in
            guard !state.isStopped else { return false }
            state.waiters.append(end)
            return true
        }
        guard isWaiting else { return }
        wake.yield()
        for await _ in stream {}
    }

    private func takeWaiters() -> [AsyncStream<Never>.Continuation] {
        state.withLockedValue { state in
            defer { state.waiters = [] }
            return state.waiters
        }
    }

    private var isOver: Bool { state.withLockedValue { $0.isStopped || $0.failure != nil } }

    var senders: [EndpointSender] {
        state.withLockedValue { $0.senders.values.sorted { $0.identity.name < $1.identity.name } }
    }

    var journal: any DeliveryJournal { surroundings.journal }
    var carriers: Carriers { surroundings.carriers }
    var clock: any Clock<Duration> { surroundings.clock }

    /// Has an endpoint tried at once that waits for another try, because somebody says that it may be.
    package func tryNow(_ endpoint: String) { sender(of: endpoint)?.tryNow() }

    func sender(of endpoint: String) -> EndpointSender? {
        state.withLockedValue { $0.senders[endpoint] }
    }

    func newID() -> String {
        let now = now
        return state.withLockedValue { $0.identifiers.next(at: now) }
    }

    var now: Timestamp { wallClock.now }
}

extension Submitter {
    /// Brings the senders in line with the endpoints that there are.
    private func takeOverEndpoints(in group: inout DiscardingTaskGroup) async throws {
        // From a queue others fetch.
        let records = try await journal.endpoints().filter { $0.definition.kind != .queue }
        let wanted = Dictionary(uniqueKeysWithValues: records.map { ($0.identity.name, $0) })
        surroundings.places.endpointsChanged(records.count)
        var predecessors: [String: EndpointSender] = [:]
        for sender in senders where wanted[sender.identity.name]?.identity != sender.identity {
            state.withLockedValue { $0.senders[sender.identity.name] = nil }
            sender.stop()
            predecessors[sender.identity.name] = sender
        }
        for record in records {
            if let sender = sender(of: record.identity.name) {
                sender.redefine(record)
            } else {
                let sender = try await makeSender(record)
                state.withLockedValue { $0.senders[record.identity.name] = sender }
                let predecessor = predecessors[record.identity.name]
                group.addTask { await self.run(sender, after: predecessor) }
            }
        }
    }

    private func makeSender(_ record: EndpointRecord) async throws -> EndpointSender {
        let machine = EndpointMachine(
            EndpointSettings(record.definition, muting: record.muting),
            cursor: record.cursor,
            positions: try await journal.positions(of: record.identity.name),
            replayThrough: record.replayThrough,
            isPaused: record.isPaused,
            isDown: try await journal.isDown(record.identity),
            limits: configuration.limits,
            seed: .random(in: .min ... .max)
        )
        return EndpointSender(record, machine, surroundings)
    }

    /// Ends in time what was put to endpoints for a time: pauses and mutings.
    private func keepTerms() async {
        let changed = Wakeup()
        await withDiscardingTaskGroup { group in
            group.addTask { [journal] in
                for await _ in journal.endpointChanges() { changed.set() }
            }
            do {
                while true { _ = try await changed.wait(until: try await journal.endTerms(), on: wallClock) }
            } catch { failed(error) }
            group.cancelAll()
        }
    }

    private func run(_ sender: EndpointSender, after predecessor: EndpointSender?) async {
        do { try await sender.run(after: predecessor) } catch { failed(error) }
    }

    /// The journal fails: that is everybody's trouble.
    private func failed(_ error: any Error) {
        guard !(error is CancellationError) else { return }
        state.withLockedValue { $0.failure = $0.failure ?? error }
        wake.yield()
    }
}
