import JSON
import ReeveProtocol
import ReeveStore
import ReeveSubmitter
import TestSupport
import Testing

/// What is said to be undelivered is what the sender would send.
struct UndeliveredTests {
    private static let lanes = [Lane.task("a"), .task("b[1]"), .event("é*?"), .agent]
    private static let types = [
        "dev.reeve.run.failed", "dev.reeve.run.progress", "dev.reeve.run.progress", "dev.reeve.endpoint.refused",
        "order.paid", "order.[x]?",
    ]
    private static let data: [JSON?] = [
        nil, ["run": "r"], ["run": "r", "outcome": "failed"], ["outcome": "failed", "previousOutcome": "failed"],
        ["run": "r", "outcome": "lost", "labels": ["team": "data", "a.b": "1"]], ["outcome": 5], ["labels": ["team"]],
        ["endpoint": "ops"], ["endpoint": "other"], "outcome", [["outcome": "failed"]],
        ["labels": ["team": 1], "previousOutcome": "lost"],
        ["run": "r", "progress": ["elapsed": "1m30s", "before": "50s"]],
        ["run": "r", "progress": ["elapsed": "1m30s", "before": "1m20s"]],
    ]

    private static func filter(_ random: inout SeededGenerator) -> EventFilter? {
        func chance(_ one: Int) -> Bool { Int.random(in: 0..<one, using: &random) == 0 }
        guard !chance(5) else { return nil }
        var filter = EventFilter()
        if chance(2) {
            filter.types = [["order.*", "*.failed", "order.[x]?", "dev.reeve.*", "*", "order.paid"].random(&random)]
        }
        if chance(3) { filter.lanes = [["task:*", "task:b[1]", "event:é*?", "agent", "*"].random(&random), "x"] }
        if chance(4) { filter.labels = [["team": "data"], ["a.b": "1"], [:]].random(&random) }
        if chance(4) { filter.outcomes = [.failed, .timedOut] }
        if chance(4) { filter.changedOnly = chance(2) }
        if chance(4) { filter.final = chance(2) }
        return filter
    }

    @Test(arguments: UInt64(1)...4)
    func `it is what the filter takes of what is not done, whatever the filter, the positions and the muting`(
        seed: UInt64
    ) async throws {
        try await SubmitterHarness.running { harness in
            var random = SeededGenerator(seed: seed)
            var count = 0
            for _ in 0..<60 {
                let filter = Self.filter(&random)
                let intervals: [Interval?] = [nil, .seconds(10), .minutes(1)]
                let progress = intervals.random(&random)
                try await harness.put("ops") {
                    $0.filter = filter
                    $0.progress = progress
                }
                for _ in 0..<6 {
                    let (lane, type) = (Self.lanes.random(&random), Self.types.random(&random))
                    let content = StateChange.Content(
                        type: type,
                        subject: nil,
                        time: Timestamp(seconds: Int64(count)),
                        summary: "",
                        data: Self.data.random(&random)
                    )
                    count += 1
                    try await harness.store.write { _ = try $0.append(lane: lane, content) }
                }
                try await step(harness, &random)
                try await compare(harness)
            }
        }
    }

    /// Something happens to the endpoint.
    private func step(_ harness: SubmitterHarness, _ random: inout SeededGenerator) async throws {
        let (head, lane) = (harness.store.head, Self.lanes.random(&random))
        let endpoint = try #require(try await harness.endpoint("ops"))
        let number = Int64.random(in: 0...head, using: &random)
        let what = Int.random(in: 0..<8, using: &random)
        try await harness.store.write { transaction in
            switch what {
            case 0: try transaction.muteEndpoint("ops", Pause(by: "uid:0", at: transaction.now))
            case 1: try transaction.resumeEndpoint("ops", by: "uid:0")
            case 2: _ = try transaction.replay("ops", ReplayOrder(after: number, through: min(head, number + 9)))
            case 3: _ = try transaction.replay("ops", ReplayOrder(after: number, lane: lane))
            case 4, 5: try transaction.commitDelivery(endpoint: "ops", cursor: max(number, endpoint.cursor))
            default: try transaction.commitDelivery(endpoint: "ops", positions: [lane: number])
            }
        }
    }

    private func compare(_ harness: SubmitterHarness) async throws {
        let endpoint = try #require(try await harness.endpoint("ops"))
        let settings = EndpointSettings(endpoint.definition, muting: endpoint.muting)
        let (undelivered, changes, positions) = try await harness.store.read { reader in
            (
                try reader.undelivered(of: endpoint), try reader.changes(after: 0, limit: 10_000),
                try reader.positions("ops")
            )
        }
        let expected = changes.filter { change in
            guard settings.takes(change) else { return false }
            return positions[change.lane].map { !$0.isDone(change.sequence) } ?? (change.sequence > endpoint.cursor)
        }
        let context = "\(String(describing: endpoint.definition.filter)) \(positions)"
        #expect(undelivered.count == expected.count, "\(context)")
        #expect(undelivered.oldest == expected.first?.content.time, "\(context)")
    }
}

extension Array {
    fileprivate func random(_ generator: inout SeededGenerator) -> Element {
        self[Int.random(in: 0..<count, using: &generator)]
    }
}
