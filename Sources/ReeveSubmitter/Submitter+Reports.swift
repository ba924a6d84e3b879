package import ReeveProtocol
import ReeveStore

/// What was delivered by a deadline, and what not.
package struct FlushReport: Sendable, Equatable {
    package struct Endpoint: Sendable, Equatable {
        package var name: String
        /// Changes that are meant for it and not delivered.
        package var pending: Int
        package var oldest: Timestamp?
    }

    /// Whether everything was.
    package var delivered: Bool
    package var endpoints: [Endpoint]
}

/// How one endpoint stands.
package struct EndpointStatus: Sendable, Equatable {
    package var identity: EndpointRecord.Identity
    package var overview: EndpointOverview
    /// When an endpoint that is down, or asked for a pause (Retry-After), is tried again.
    package var nextTry: Timestamp?

    package var name: String { identity.name }
}

/// How one endpoint stands, and what its lanes do.
package struct EndpointSituation: Sendable, Equatable {
    package var status: EndpointStatus
    package var lanes: LaneStandings
    /// Requests that wait until fewer are under way to all endpoints together.
    package var waitingForPlace = 0
    package var sendingSince: Timestamp?
    package var nextTry: Timestamp?
    package var nextDrain: Timestamp?
}

/// How the delivery of one change to one endpoint stands.
package struct ChangeDelivery: Sendable, Equatable {
    package enum State: String, Sendable {
        case pending, inFlight, held, delivered, filtered, muted, dead, expired
    }

    package var endpoint: String
    package var state: State
    package var attempts: Int
    package var lastAnswer: String?
    package var nextTry: Timestamp?
}

extension Submitter {
    /// Waits until everything that is in the journal now is done at every endpoint, but no longer than `deadline`.
    ///
    /// Step changes go at once, without waiting for the drain.
    package func flush(deadline: Duration) async throws -> FlushReport {
        let head = journal.head
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.flush(through: head) }
            group.addTask { [clock] in
                // Cut short by cancellation: it is all done, or whoever asked has gone.
                try? await clock.sleep(for: deadline)
            }
            await group.next()
            group.cancelAll()
        }
        var endpoints: [FlushReport.Endpoint] = []
        for sender in senders { endpoints.append(try await report(sender, through: head)) }
        return FlushReport(delivered: endpoints.allSatisfy { $0.pending == 0 }, endpoints: endpoints)
    }

    private func flush(through head: Int64) async {
        await takenOver()
        await withDiscardingTaskGroup { group in
            for sender in senders { group.addTask { await sender.flush(through: head) } }
        }
    }

    private func report(_ sender: EndpointSender, through head: Int64) async throws -> FlushReport.Endpoint {
        let name = sender.identity.name
        guard !sender.isDone(through: head) else { return FlushReport.Endpoint(name: name, pending: 0, oldest: nil) }
        if let pending = sender.pending(through: head), pending > 0 {
            return FlushReport.Endpoint(name: name, pending: pending, oldest: sender.oldestPending)
        }
        let undelivered = try await journal.undelivered(of: name)
        return FlushReport.Endpoint(name: name, pending: max(1, undelivered.count), oldest: undelivered.oldest)
    }

    /// How each endpoint stands, by name.
    package func status() -> [EndpointStatus] { senders.map(status) }

    private func status(_ sender: EndpointSender) -> EndpointStatus { status(sender, sender.overview) }

    private func status(_ sender: EndpointSender, _ overview: EndpointOverview) -> EndpointStatus {
        EndpointStatus(
            identity: sender.identity,
            overview: overview,
            nextTry: overview.nextTry.map { date($0, of: sender) }
        )
    }

    /// How that endpoint stands with what its lanes do; `nil` if nothing is sent to it.
    package func situation(of endpoint: String) async -> EndpointSituation? {
        await takenOver()
        guard let sender = sender(of: endpoint) else { return nil }
        let (overview, lanes) = sender.situation
        return EndpointSituation(
            status: status(sender, overview),
            lanes: lanes,
            waitingForPlace: sender.waitingForPlace,
            sendingSince: lanes.sendingSince.map { date($0, of: sender) },
            nextTry: lanes.nextTry.map { date($0, of: sender) },
            nextDrain: lanes.nextDrain.map { date($0, of: sender) }
        )
    }

    /// How the delivery of a change stands at each endpoint that it is meant for, by the endpoint's name.
    package func deliveries(of change: StateChange) async throws -> [ChangeDelivery] {
        await takenOver()
        var deliveries: [ChangeDelivery] = []
        for sender in senders where change.sequence > sender.record.startedAfter {
            deliveries.append(try await delivery(of: change, sender))
        }
        return deliveries
    }

    private func delivery(of change: StateChange, _ sender: EndpointSender) async throws -> ChangeDelivery {
        var delivery = ChangeDelivery(endpoint: sender.identity.name, state: .pending, attempts: 0)
        switch sender.standing(of: change) {
        case nil: delivery.state = sender.settings.isMuted(change) ? .muted : .filtered
        case .done:
            switch try await journal.end(of: change.sequence, at: sender.identity.name) {
            case nil: delivery.state = .delivered
            case .expired: delivery.state = .expired
            case .dead(let attempts, let reason):
                delivery.state = .dead
                (delivery.attempts, delivery.lastAnswer) = (attempts, reason)
            }
        case .inFlight(let attempts, let answer):
            delivery.state = .inFlight
            (delivery.attempts, delivery.lastAnswer) = (attempts, answer)
        case .held(let attempts, let answer):
            delivery.state = .held
            (delivery.attempts, delivery.lastAnswer) = (attempts, answer)
        case .pending(let attempts, let answer, let next):
            (delivery.attempts, delivery.lastAnswer) = (attempts, answer)
            delivery.nextTry = next.map { date($0, of: sender) }
        }
        return delivery
    }

    private func date(_ time: Duration, of sender: EndpointSender) -> Timestamp {
        let (seconds, attoseconds) = (time - sender.elapsed).components
        return now + .milliseconds(seconds * 1000 + attoseconds / 1_000_000_000_000_000)
    }
}
