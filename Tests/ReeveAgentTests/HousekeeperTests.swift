import Glibc
import Logging
import ReeveProcess
import ReeveProtocol
import ReeveStore
import TestSupport
import Testing

@testable import ReeveAgent

/// When old things are removed, and which.
struct HousekeeperTests {
    /// Tells each time that it is looked at: once a round.
    private struct RoundClock: WallClock {
        let clock = ManualWallClock()
        let looks: AsyncStream<Void>.Continuation

        var now: Timestamp {
            looks.yield()
            return clock.now
        }

        func wait(until deadline: Timestamp?) async throws { try await clock.wait(until: deadline) }
    }

    /// Hands on what an operator is told.
    private struct Told: LogHandler {
        let messages: AsyncStream<String>.Continuation
        var metadata: Logger.Metadata = [:]
        var metadataProvider: Logger.MetadataProvider?
        var logLevel = Logger.Level.info

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) { messages.yield("\(event.message)") }
    }

    private struct House: Sendable {
        let folder: TemporaryFolder
        let store: Store
        let output: OutputKeeper
        let housekeeper: Housekeeper
        let rounds: AsyncStream<Void>
        let looks: AsyncStream<Void>.Continuation
        let messages: AsyncStream<String>

        init(limit: Int = 1 << 20, startedAt: Timestamp = .init(seconds: 1 << 40)) throws {
            folder = try TemporaryFolder()
            (rounds, looks) = AsyncStream.makeStream(of: Void.self)
            let clock = RoundClock(looks: looks)
            let (messages, teller) = AsyncStream.makeStream(of: String.self)
            self.messages = messages
            let logger = Logger(label: "test") { _ in Told(messages: teller) }
            store = try Store.open(
                directory: folder.path,
                clock: clock.clock,
                elapsed: { .zero },
                logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
            )
            output = OutputKeeper(
                directory: folder.path + "/output",
                limit: limit,
                startedAt: startedAt,
                logger: logger
            )
            housekeeper = Housekeeper(
                store: store,
                configuration: Configuration(name: "test", stateDirectory: folder.path),
                output: output,
                wallClock: clock,
                logger: logger,
                interval: 3
            )
        }

        /// Waits for the next round; none comes any more once ``looks`` is finished.
        func hasRound() async -> Bool {
            for await _ in rounds { return true }
            return false
        }

        /// Waits for what is told next.
        func message() async -> String? {
            for await message in messages { return message }
            return nil
        }

        /// A run's output of so many bytes.
        func write(_ run: String, bytes: Int) throws {
            mkdir(folder.path + "/output", 0o700)
            mkdir("\(folder.path)/output/\(run)", 0o700)
            try ProtocolFile.write(String(repeating: "x", count: bytes), to: "\(folder.path)/output/\(run)/main.1")
        }

        func publish(_ count: Int) async throws {
            let events = (0..<count).map { _ in PublishedEvent(type: "order.paid") }
            _ = try await store.write { try $0.publish(events, source: "/test") }
        }

        /// Keeps house for as long as `body` runs.
        func whileKept(_ body: () async throws -> Void) async throws {
            try await running({ [housekeeper] in try await housekeeper.run() }, while: body)
            await store.close()
        }
    }

    @Test func `it works once at first, and once after so many changes each time`() async throws {
        let house = try House()
        try await house.whileKept {
            try #require(await house.hasRound())
            for _ in 0..<10 {
                try await house.publish(4)
                try #require(await house.hasRound())
            }
            // Fewer are not enough; what they are written between would show a round too many.
            for _ in 0..<3 { try await house.publish(1) }
            try await house.publish(1)
            try #require(await house.hasRound())
        }
        house.looks.finish()
        #expect(!(await house.hasRound()), "not a round more")
    }

    @Test func `when room is short the oldest output goes but that of runs that live, and nothing else is done`()
        async throws
    {
        let house = try House(limit: 1000)
        var definition = TaskDefinition(id: "t")
        definition.steps = [StepDefinition(name: "main", command: ["true"])]
        let task = try await house.store.write { [definition] in
            try $0.putTask(definition, source: "rpc", by: "uid:0", ifRevision: nil).task
        }
        let living = try await house.store.write { try $0.createRun(task: task, trigger: .manual, due: nil) }
        for run in [living.id, "1-a", "1-b", "1-c"] { try house.write(run, bytes: 225) }
        try await house.whileKept {
            try #require(await house.hasRound())
            #expect(await house.message() == "removed the output of old runs to make room")
            #expect(house.output.runs() == [living.id, "1-b", "1-c"] && house.output.budget.used == 675)
            house.output.budget.adopt(250)
            #expect(await house.message() == "removed the output of old runs to make room")
            #expect(house.output.runs() == [living.id, "1-c"] && house.output.budget.used == 700)
        }
        house.looks.finish()
        #expect(!(await house.hasRound()), "making room is no round")
    }

    @Test func `what agents before have left is counted once, whoever has written meanwhile`() throws {
        let house = try House(limit: 1000)
        try house.write("1-a", bytes: 200)
        try house.write("1-b", bytes: 30)
        house.output.budget.adopt(5)
        for _ in 0..<2 {
            house.output.begin()
            #expect(house.output.budget.used == 235)
        }
        house.output.remove("1-a")
        #expect(house.output.budget.used == 35 && house.output.runs() == ["1-b"])
    }

    @Test func `what was written since the agent started is counted by who wrote it`() throws {
        let house = try House(startedAt: Timestamp(seconds: 0))
        try house.write("1-a", bytes: 200)
        house.output.begin()
        #expect(house.output.budget.used == 0)
    }
}
