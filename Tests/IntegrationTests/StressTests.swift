import Glibc
import JSON
import JSONRPC
import TestSupport
import Testing

/// Many changes to endpoints that fail in every way, while the agent is killed again and again: each endpoint's record is
/// checked event by event.
@Suite(.timeLimit(.minutes(60)))
struct StressTests {
    /// `REEVE_STRESS=full` makes it 100,000 changes in 1,000 lanes.
    private static let isFull = getenv("REEVE_STRESS").map { String(cString: $0) } == "full"
    private static let total = isFull ? 100_000 : 1600
    private static let lanes = isFull ? 1000 : 80
    private static let kills = isFull ? 60 : 8
    private static let publishers = 4

    @Test func `nothing is lost or reordered at any endpoint, however receivers and the agent fail`() async throws {
        let seed = getenv("REEVE_TEST_SEED").flatMap { UInt64(String(cString: $0)) } ?? .random(in: .min ... .max)
        let trouble = Trouble(seed: seed, rarity: Self.isFull ? 1000 : 100)
        let publishers = (1...Self.publishers).map {
            Publisher("p\($0)", lanes: Self.lanes / Self.publishers, most: 100)
        }
        let estate = try Estate()
        // One of them over HTTP/2, where a certificate for that can be made.
        let authority = TestAuthority.isPossible ? try await TestAuthority("own", in: estate.folder) : nil
        let tls = try await authority?.receiver("DNS:localhost", protocols: ["h2"])
        try await WebhookReceiver.running { single in
            try await WebhookReceiver.running(tls: tls) { batched in
                try await WebhookReceiver.running(socketPath: estate.folder.path + "/hook.sock") { onSocket in
                    single.answer(trouble.decision(1, isPoison: Self.isPoison))
                    batched.answer(trouble.decision(2, isPoison: Self.isPoison))
                    onSocket.answer(trouble.decision(3) { _ in false })
                    let judges = [
                        EndpointJudge("single", single, [.mayRepeatDelivered, .mayGiveUp]),
                        EndpointJudge("batched", batched, [.mayRepeatDelivered, .mayGiveUp]),
                        EndpointJudge("socket", onSocket, [.mayRepeatDelivered]),
                    ]
                    let (journal, letters) = try await withThrowingTaskGroup { group in
                        for judge in judges { group.addTask { await judge.collect() } }
                        let receivers = [single, batched, onSocket]
                        let left = try await run(seed, trouble, estate, publishers, judges, receivers, authority?.path)
                        group.cancelAll()
                        return left
                    }
                    await judge(seed, journal, letters, judges, publishers, trouble)
                }
            }
        }
    }

    /// Answers the whole journal and all dead letters, as the last daemon left them.
    private func run(
        _ seed: UInt64,
        _ trouble: Trouble,
        _ estate: Estate,
        _ publishers: [Publisher],
        _ judges: [EndpointJudge],
        _ receivers: [WebhookReceiver],
        _ authority: String?
    ) async throws -> (journal: [JSON], letters: [JSON]) {
        let share = Self.total / Self.publishers
        let publish: @Sendable (RPCClient) async -> Void = { client in
            await withTaskGroup { group in
                for publisher in publishers {
                    group.addTask { await publisher.work(over: client, calls: .max, total: share) }
                }
            }
        }
        try await estate.running { daemon in
            for (judge, receiver) in zip(judges, receivers) {
                let ca = receiver.url.hasPrefix("https") ? authority : nil
                let endpoint = Self.endpoint(judge.name, receiver.url, receiver, ca: ca)
                try await daemon.call("endpoint.put", ["endpoint": endpoint])
            }
        }
        var random = SeededGenerator(seed: seed)
        for round in 0..<Self.kills {
            // Now and then one is away, or speaks no TLS though the endpoint says so.
            let away = receivers[Int(random.next() % 3)]
            let isAway = random.next() % 4 == 0
            let withoutTLS = !isAway && random.next() % 4 == 0
            if isAway { await away.goAway() }
            let moment = Duration.microseconds(Int64(random.next() % (Self.isFull ? 2_000_000 : 400_000)))
            try await estate.lifeAndDeath(after: moment, isWaitedFor: round % 6 != 5) { client in
                await Self.prepare(client, judges, receivers[0], withoutTLS: withoutTLS)
                await publish(client)
            }
            if isAway { try await away.comeBack() }
        }
        return try await estate.running { daemon in
            let client = try await daemon.connect()
            let pauses = try await client.subscribe("event.subscribe", ["type": "dev.reeve.endpoint.paused"])
            await Self.prepare(client, judges, receivers[0], withoutTLS: false)
            let (journal, flushed) = try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { await Self.resume(pauses, over: client) }
                await publish(client)
                trouble.end()
                let journal = try await client.pages("event.list", "events")
                let flushed = try await client.call("agent.flush", ["deadline": "50m"])
                group.cancelAll()
                return (journal, flushed)
            }
            #expect(flushed["delivered"] == true, "\(flushed.text)")
            let letters = try await client.pages("deadLetter.list", "deadLetters")
            await client.close()
            #expect(try await daemon.stopped() == .exited(0), "\(estate.log)")
            return (journal, letters)
        }
    }

    private func judge(
        _ seed: UInt64,
        _ journal: [JSON],
        _ letters: [JSON],
        _ judges: [EndpointJudge],
        _ publishers: [Publisher],
        _ trouble: Trouble
    ) async {
        var facts = ["seed \(seed), \(journal.count) changes, \(letters.count) dead letters, \(trouble.counts)"]
        var sequences: Set<Int> = []
        for event in journal {
            if let number = event["sequence"]?.string.flatMap({ Int($0) }) { sequences.insert(number) }
        }
        var published = 0
        for publisher in publishers {
            #expect(await publisher.problems == [])
            let acknowledged = await publisher.acknowledged
            published += acknowledged.count
            #expect(sequences.isSuperset(of: acknowledged.values), "seed \(seed): what was acknowledged is not there")
        }
        #expect(published == Self.total)
        var repeats = 0
        for judge in judges {
            let dead = letters.filter { $0["endpoint"]?.string == judge.name }.compactMap { $0["sequence"]?.integer }
            let problems = await judge.verdict(journal: journal, dead: Set(dead)) { event in
                judge.name != "socket" && Self.isPoison(event)
            }
            facts.append(await judge.facts + ", \(dead.count) dead")
            repeats += await judge.repeats
            #expect(problems.isEmpty, "\(facts.joined(separator: "; ")): \(problems.prefix(20))")
        }
        if Self.isFull { print(facts.joined(separator: "\n")) }
        // It was worth the trouble: every kind of it was met, and what had been delivered came again after a kill.
        let met = Set(trouble.counts.keys)
        #expect(met.isSuperset(of: Trouble.Kind.quick + [.poison]), "\(facts)")
        if Self.isFull { #expect(met.count == Trouble.Kind.allCases.count && repeats > 0, "\(facts)") }
    }

    /// What a kill, a 410 or missing TLS left behind is put right, or TLS is missing from now on.
    private static func prepare(
        _ client: RPCClient,
        _ judges: [EndpointJudge],
        _ receiver: WebhookReceiver,
        withoutTLS: Bool
    ) async {
        let url = withoutTLS ? "https://127.0.0.1:\(receiver.port)/hook" : receiver.url
        // The agent may be dead already.
        _ = try? await client.call("endpoint.put", ["endpoint": endpoint(judges[0].name, url, receiver)])
        for judge in judges { _ = try? await client.call("endpoint.resume", ["endpoint": .string(judge.name)]) }
    }

    /// Whoever said that it wants no more, gets more.
    private static func resume(_ pauses: ClientSubscription, over client: RPCClient) async {
        do {
            for try await message in pauses {
                guard case .item(let event, _) = message, let name = event[at: "data", "endpoint"] else { continue }
                _ = try await client.call("endpoint.resume", ["endpoint": name])
            }
        } catch {
            // The connection ends with the test, and so does this.
        }
    }

    /// Refused whenever it comes, alone or in a batch.
    private static let isPoison: @Sendable (WebhookReceiver.Request) -> Bool = { request in
        (request.event?.array ?? [request.event].compactMap(\.self)).contains(where: isPoison)
    }

    private static func isPoison(_ event: JSON) -> Bool {
        event["publisherid"]?.string?.hasSuffix(isFull ? "777" : "77") == true
    }

    private static func endpoint(_ name: String, _ url: String, _ receiver: WebhookReceiver, ca: String? = nil) -> JSON
    {
        var endpoint: JSONObject = [
            "name": .string(name), "kind": "webhook", "url": .string(url), "secret": .string(receiver.secret),
            "from": "oldest", "timeout": "3s", "inFlight": 20,
            "retry": ["delay": "10ms", "factor": .number("1.3"), "maximum": "200ms", "limit": 8],
        ]
        if name == "batched" { endpoint["batch"] = ["events": 50] }
        endpoint["tls"] = ca.map { ["ca": .string($0)] }
        return .object(endpoint)
    }
}
