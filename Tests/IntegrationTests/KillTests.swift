import Glibc
import JSON
import JSONRPC
import TestSupport
import Testing

/// Nothing that was acknowledged is lost when the agent is killed, at whatever moment, however often.
@Suite(.timeLimit(.minutes(10)))
struct KillTests {
    static let kills = 60

    @Test func `nothing is lost when the agent is killed at random moments`() async throws {
        let seed = getenv("REEVE_TEST_SEED").flatMap { UInt64(String(cString: $0)) } ?? .random(in: .min ... .max)
        let estate = try Estate(configuration: "runner: {history: {perTask: 100000}}\n")
        let tasks = KillTasks(marksPath: estate.folder.path + "/marks")
        let publishers = (1...4).map { Publisher("p\($0)") }
        let starters = (1...2).map { _ in Starter(KillTasks.byHand) }
        try await WebhookReceiver.running { receiver in
            try await estate.running { daemon in
                try await daemon.call("endpoint.put", ["endpoint": receiver.endpoint()])
                for task in tasks.all { try await daemon.call("task.put", ["task": .object(task)]) }
                // No run ends as one does that an agent stops.
                await daemon.killed()
            }
            let held = HeldAnswers()
            receiver.answer(Self.badly(seed, held))
            var random = SeededGenerator(seed: seed)
            var isAway = false
            for round in 0..<Self.kills {
                // Now and then nobody is there to be told.
                if isAway { try await receiver.comeBack() }
                isAway = random.next() % 5 == 0
                if isAway { await receiver.goAway() }
                let task = tasks.all[Int(random.next() % 8)]
                let moment = Duration.microseconds(Int64(random.next() % 150_000))
                try await estate.lifeAndDeath(after: moment, isWaitedFor: round % 6 != 0) { client in
                    await withTaskGroup { group in
                        for publisher in publishers { group.addTask { await publisher.work(over: client) } }
                        for starter in starters { group.addTask { await starter.work(over: client, changing: task) } }
                    }
                }
            }
            receiver.answer { _ in .status(204) }
            await held.release()
            if isAway { try await receiver.comeBack() }
            try await estate.running { daemon in
                let (runs, journal) = try await rest(daemon)
                let left = try await daemon.stopped()
                var verdict = KillVerdict(receiver.records, secret: receiver.secret)
                for publisher in publishers {
                    await verdict.judge(published: publisher.acknowledged)
                    #expect(await publisher.problems == [])
                }
                for starter in starters {
                    await verdict.judge(puts: starter.puts)
                    #expect(await starter.problems == [])
                }
                var acknowledged: Set<String> = []
                for starter in starters { acknowledged.formUnion(await starter.acknowledged) }
                let marks = try readFile(tasks.marksPath).split(separator: "\n").map(String.init)
                verdict.judge(runs: runs, acknowledged: acknowledged, marks: marks)
                verdict.judge(journal: journal)
                let ids = Set(runs.compactMap { $0["id"]?.string })
                #expect(left == .exited(0))
                #expect(processes(ofRuns: ids) == [])
                let outcomes = Dictionary(grouping: runs) { $0["outcome"]?.string ?? "none" }.mapValues(\.count)
                let facts = "seed \(seed); \(outcomes); \(verdict.repeats) repeats of \(receiver.records.count)"
                #expect(verdict.problems == [], "\(facts)\n\(estate.log)")
                // It was worth the trouble: runs were cut off, and changes were sent again.
                #expect(outcomes["lost"] ?? 0 > 0 && outcomes["succeeded"] ?? 0 > 0 && verdict.repeats > 0, "\(facts)")
            }
        }
    }

    /// Lets all runs come to their ends and all changes to the receiver; answers the runs and the journal.
    private func rest(_ daemon: Daemon) async throws -> (runs: [JSON], journal: [JSON]) {
        let client = try await daemon.connect()
        _ = try await client.call("task.pause", ["all": true])
        for run in try await client.call("run.list", ["live": true, "limit": 1000])["runs"]?.array ?? [] {
            _ = try await client.call("run.wait", ["run": run["id"] ?? nil, "deadline": "120s"])
        }
        let runs = try await client.pages("run.list", "runs")
        let flushed = try await client.call("agent.flush", ["deadline": "180s"])
        #expect(flushed["delivered"] == true, "\(flushed.text)")
        let journal = try await client.pages("event.list", "events")
        await client.close()
        return (runs, journal)
    }

    /// What a receiver in trouble answers, decided by the seed and the request's number.
    private static func badly(_ seed: UInt64, _ held: HeldAnswers) -> WebhookReceiver.Decision {
        { request in
            await held.release()
            var random = SeededGenerator(seed: seed &+ UInt64(request.number))
            switch random.next() % 20 {
            case 0, 1: return .status(500)
            case 2, 3: return .status(503)
            case 4: return .cut
            case 5: return .cutMidway(200)
            case 6, 7:
                await held.hold()
                return .status(204)
            default: return .status(204)
            }
        }
    }

    /// The processes that still carry the id of one of these runs.
    private func processes(ofRuns ids: Set<String>) -> [String] {
        names(in: "/proc").filter { name in
            guard Int(name) != nil, let environment = try? readFile("/proc/\(name)/environ") else { return false }
            return environment.split(separator: "\0").contains { variable in
                variable.hasPrefix("REEVE_RUN=") && ids.contains(String(variable.dropFirst("REEVE_RUN=".count)))
            }
        }
    }
}
