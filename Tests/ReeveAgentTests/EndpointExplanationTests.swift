import JSON
import ReeveProtocol
import ReeveScheduler
import Testing

@testable import ReeveAgent
@testable import ReeveStore
@testable import ReeveSubmitter

/// What is said of an endpoint, as a table: it is 2026-11-21, 03:00 in UTC.
struct EndpointExplanationTests {
    private static let now = ExplanationFixture.now

    private static func endpoint(_ change: (inout StoredEndpoint) -> Void = { _ in }) -> StoredEndpoint {
        var endpoint = StoredEndpoint(
            definition: EndpointDefinition(name: "ops", url: "http://a/"),
            cursor: 40,
            createdAt: now - .days(1),
            startedAfter: 0,
            pause: nil,
            epoch: 0,
            replayThrough: nil,
            generatedSecret: nil,
            source: "rpc",
            by: "uid:0",
            changedAt: now - .days(1),
            previousKey: nil,
            muting: Muting()
        )
        change(&endpoint)
        return endpoint
    }

    private static func situation(
        _ state: EndpointState = .active,
        _ change: (inout EndpointSituation) -> Void = { _ in }
    ) -> EndpointSituation {
        let overview = EndpointOverview(
            state: state,
            breaker: state == .down ? .open : .closed,
            cursor: 40,
            waiting: 0,
            laggards: 0,
            inFlight: 0,
            nextTry: nil,
            counts: DeliveryCounts()
        )
        let identity = EndpointRecord.Identity(name: "ops", createdAt: now - .days(1))
        var situation = EndpointSituation(
            status: EndpointStatus(identity: identity, overview: overview, nextTry: nil),
            lanes: LaneStandings()
        )
        change(&situation)
        return situation
    }

    private static func change(_ what: String, _ sequence: Int64, at time: Timestamp, _ data: JSONObject = [:])
        -> StateChange
    {
        StateChange(
            sequence: sequence,
            id: "\(sequence)",
            lane: .agent,
            previous: nil,
            content: StateChange.Content(
                type: what,
                subject: "ops",
                time: time,
                summary: "endpoint ops \(what)",
                data: .object(data)
            )
        )
    }

    private static func explanation(
        _ endpoint: StoredEndpoint = endpoint(),
        _ situation: EndpointSituation? = situation(),
        pending: Int = 0,
        deadLetters: Int = 0,
        _ change: (inout EndpointExplanation) -> Void = { _ in }
    ) -> EndpointExplanation {
        let oldest = pending > 0 ? now - .minutes(5) : nil
        var explanation = EndpointExplanation(
            endpoint: endpoint,
            backlog: EndpointBacklog(pending: pending, oldest: oldest, deadLetters: deadLetters),
            situation: situation,
            now: now,
            zone: .utc
        )
        change(&explanation)
        return explanation
    }

    @Test func `what waits for the others' requests, and who holds the journal, is said`() {
        var explanation = Self.explanation(
            Self.endpoint(),
            Self.situation {
                $0.lanes.sending = 5
                $0.status.overview.inFlight = 5
                $0.waitingForPlace = 3
            }
        )
        let space = StoreSpace(retention: .mebibytes(1), budget: .mebibytes(4))
        let hold = JournalHold(endpoint: "ops", after: 40)
        explanation.shortage = StorageShortage(used: 2 << 20, space: space, hold: hold)
        #expect(
            explanation.reasons == [
                "5 requests are under way",
                "3 of them wait for a place: so many requests to all endpoints are under way",
                "it holds the journal from change 41 on, and 2.0 MiB of the disk budget of 4.0 MiB are in use",
            ]
        )
        explanation.shortage = StorageShortage(used: 4 << 20, space: space, hold: hold)
        #expect(explanation.reasons.last?.hasPrefix("events of clients are refused, for 4.0 MiB") == true)
    }

    @Test func `one for which nothing waits says so, and what its filter kept from it`() {
        let plain = Self.explanation()
        #expect(plain.standing == .idle && plain.reasons == ["ops has got all that is meant for it"])
        let filtered = Self.explanation(
            Self.endpoint { $0.definition.filter = EventFilter(types: ["order.*"]) },
            Self.situation {
                $0.status.overview.counts.filtered = 200
                $0.status.overview.counts.muted = 1
            },
            deadLetters: 3
        )
        #expect(
            filtered.reasons.dropFirst() == [
                "3 dead letters are kept: reeve dead-letters ls --endpoint ops",
                #"since the part of the agent that delivers began its filter has kept 200 changes from it: {"types":["order.*"]}"#,
                "1 change was not sent to it because it was muted then",
            ]
        )
    }

    @Test func `one that is down says since when, why, and when it is tried again`() throws {
        let down = Self.explanation(
            Self.endpoint(),
            Self.situation(.down) {
                $0.status.nextTry = Self.now + .seconds(12)
                $0.status.overview.counts.lastAnswer = "503: busy"
                $0.lanes.waiting = 4
            },
            pending: 41
        ) { $0.opened = Self.change("dev.reeve.endpoint.opened", 41, at: Self.now - .minutes(5)) }
        #expect(down.standing == .down)
        #expect(
            down.reasons == [
                "ops does not answer since 2026-11-21 02:55 UTC (5m ago): 503: busy; it is tried again in 12s",
                "41 changes wait for ops, the oldest from 5m ago",
            ]
        )
        #expect(try down.json(showing: nil)["nextTry"] == (Self.now + .seconds(12)).json)
    }

    @Test func `a pause comes first, and hides what the lanes do`() throws {
        let pause = Pause(by: "uid:0", at: Self.now - .minutes(1), until: Self.now + .minutes(9), reason: "moves")
        let paused = Self.explanation(
            Self.endpoint { $0.pause = pause },
            Self.situation(.paused) { $0.lanes.waiting = 1 },
            pending: 1
        )
        #expect(paused.standing == .paused)
        #expect(
            paused.reasons == [
                "ops is paused for 9m more, until 2026-11-21 03:09 UTC, by uid:0 since 2026-11-21 02:59 UTC: moves; "
                    + "what is recorded waits",
                "1 change waits for ops, the oldest from 5m ago",
            ]
        )
        #expect(try paused.json(showing: nil)["nextTry"] == pause.until?.json)
    }

    @Test func `lanes that wait are told by what they wait for`() {
        let busy = Self.explanation(
            Self.endpoint { $0.replayThrough = 90 },
            Self.situation {
                $0.status.overview.inFlight = 10
                $0.lanes.held = 2
                $0.lanes.heldLane = .event("a")
                $0.lanes.waiting = 2
                $0.lanes.lastAnswer = "500: broken"
                $0.nextTry = Self.now + .seconds(3)
                $0.lanes.sending = 10
                $0.sendingSince = Self.now - .seconds(14)
                $0.lanes.ready = 7
                $0.lanes.gathering = 1
                $0.nextDrain = Self.now + .seconds(20)
            }
        ) {
            let letter = Self.change("order.paid", 12, at: Self.now)
            $0.heldLetter = DeadLetter(change: letter, reason: "422: no", at: Self.now)
        }
        #expect(busy.standing == .held)
        #expect(
            busy.reasons == [
                "lane event:a is held, for change 12 was refused: 422: no; reeve dead-letters retry ops/12 or drop "
                    + "ops/12 lets it go on; so is 1 other lane",
                "2 lanes wait for another try, the first in 3s; the last answer was 500: broken",
                "10 requests are under way, the longest for 14s",
                "7 lanes wait for a place; the endpoint takes 10 requests at once",
                "step changes of 1 lane gather, the first to go in 20s",
                "what it had up to change 90 is sent again; what is newer waits behind that, lane by lane",
            ]
        )
    }

    @Test func `while the part that delivers is away that is said; a queue needs none`() {
        let away = Self.explanation(Self.endpoint(), nil)
        #expect(away.standing == .unavailable)
        #expect(away.reasons == ["nothing is sent to ops now: the part of the agent that delivers restarts"])
        let queue = Self.explanation(Self.endpoint { $0.definition.kind = .queue }, nil, pending: 2)
        #expect(queue.standing == .waiting)
        #expect(queue.reasons == ["2 changes wait to be fetched, the oldest from 5m ago"])
    }

    // MARK: In the past

    private static func history(_ facts: [StateChange], at minutes: Int64, known: Timestamp? = nil) -> EndpointHistory {
        EndpointHistory(
            endpoint: endpoint(),
            about: facts.filter { EventType.isEndpointFact($0.content.type) }.reversed(),
            agent: facts.filter { !EventType.isEndpointFact($0.content.type) }.reversed(),
            depth: 1000,
            journalBegins: known,
            at: now - .minutes(minutes),
            now: now,
            zone: .utc
        )
    }

    private static let facts = [
        change("dev.reeve.agent.started", 1, at: now - .minutes(600)),
        change("dev.reeve.endpoint.opened", 2, at: now - .minutes(50), ["reason": "503: busy"]),
        change("dev.reeve.endpoint.paused", 3, at: now - .minutes(40), ["by": "uid:7", "reason": "enough"]),
        change("dev.reeve.endpoint.muted", 4, at: now - .minutes(39), ["by": "uid:7"]),
        change("dev.reeve.endpoint.resumed", 5, at: now - .minutes(30), ["by": "uid:7", "still": "muted"]),
        change("dev.reeve.endpoint.closed", 6, at: now - .minutes(20)),
        change("dev.reeve.agent.stopping", 7, at: now - .minutes(15)),
        change("dev.reeve.agent.started", 8, at: now - .minutes(10)),
        change("dev.reeve.agent.crashed", 9, at: now - .minutes(5)),
        change("dev.reeve.agent.started", 10, at: now - .minutes(5)),
    ]

    /// How long ago, in minutes; how it stood; what is said.
    private static let stands: [(Int64, EndpointStanding, [String])] = [
        (
            60, EndpointStanding.idle,
            ["nothing is known that kept ops from getting its changes then"]
        ),
        (
            45, .down,
            [
                "ops did not answer: 503: busy, since 2026-11-21 02:10 UTC; it answered again at 2026-11-21 02:40 UTC, "
                    + "30m later"
            ]
        ),
        (
            35, .paused,
            [
                "ops was paused by uid:7: enough, since 2026-11-21 02:20 UTC; it was resumed at 2026-11-21 02:30 UTC, "
                    + "10m later",
                "ops did not answer: 503: busy, since 2026-11-21 02:10 UTC; it answered again at 2026-11-21 02:40 UTC, "
                    + "30m later",
                "ops was muted by uid:7, since 2026-11-21 02:21 UTC; that is so still",
            ]
        ),
        (
            12, .stopped,
            [
                "the agent did not run then, since 2026-11-21 02:45 UTC; it started again at 2026-11-21 02:50 UTC, "
                    + "5m later",
                "ops was muted by uid:7, since 2026-11-21 02:21 UTC; that is so still",
            ]
        ),
        (
            8, .muted,
            [
                "ops was muted by uid:7, since 2026-11-21 02:21 UTC; that is so still",
                "the agent had crashed before 2026-11-21 02:55 UTC: it may not have run then",
            ]
        ),
        (
            2000, .absent,
            ["there was no endpoint ops then: it was made at 2026-11-20 03:00 UTC by uid:0"]
        ),
    ]

    @Test(arguments: stands)
    func `how it stood then is told from what was told of it`(ago: Int64, standing: EndpointStanding, said: [String]) {
        let history = Self.history(Self.facts, at: ago)
        #expect(history.standing == standing)
        #expect(history.reasons == said)
    }

    @Test func `how far back that is known is said, and what it did not get before`() {
        let refused = Self.change("dev.reeve.endpoint.refused", 20, at: Self.now - .minutes(90))
        let history = Self.history([refused], at: 80, known: Self.now - .minutes(70))
        #expect(
            history.reasons.dropFirst() == [
                "the last before that: endpoint ops dev.reeve.endpoint.refused, at 2026-11-21 01:30 UTC",
                "what was told of it is known since 2026-11-21 01:50 UTC only",
            ]
        )
    }
}
