import Glibc
import JSON
import Logging
import ReeveProtocol
import ReeveStore
import ReeveSubmitter
import TestSupport
import Testing

/// A store in a folder of its own and submitters beside it.
struct SubmitterHarness: Sendable {
    let store: Store
    let clock = ManualClock()
    let wallClock = ManualWallClock()
    private static let silent = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    /// Makes the folder for as long as `body` runs.
    static func running(_ body: (SubmitterHarness) async throws -> Void) async throws {
        var template = Array("/tmp/reeve-submitter-XXXXXX".utf8CString)
        let directory = try #require(mkdtemp(&template).map { String(cString: $0) })
        defer {
            for suffix in ["", "-wal", "-shm"] { unlink("\(directory)/reeve.db\(suffix)") }
            rmdir(directory)
        }
        let harness = SubmitterHarness(
            store: try Store.open(directory: directory, clock: ManualWallClock(), elapsed: { .zero }, logger: silent)
        )
        do {
            try await body(harness)
        } catch {
            await harness.store.close()
            throw error
        }
        await harness.store.close()
    }

    func makeSubmitter(
        _ transport: any Transport,
        clock: (any Clock<Duration>)? = nil,
        limits: SubmitterLimits = SubmitterLimits()
    ) -> Submitter {
        var configuration = Submitter.Configuration(sender: EventSender(agent: "web-7", version: "1.2"))
        configuration.limits = limits
        return Submitter(
            journal: store,
            configuration: configuration,
            transport: transport,
            clock: clock ?? self.clock,
            wallClock: wallClock,
            logger: Self.silent
        )
    }

    /// Runs a submitter for as long as `body` runs, and ends it in good order.
    func submitting<Result: Sendable>(
        over transport: any Transport,
        clock: (any Clock<Duration>)? = nil,
        limits: SubmitterLimits = SubmitterLimits(),
        _ body: (Submitter) async throws -> Result
    ) async throws -> Result {
        let submitter = makeSubmitter(transport, clock: clock, limits: limits)
        async let running: Void = submitter.run()
        let result: Swift.Result<Result, any Error>
        do { result = .success(try await body(submitter)) } catch { result = .failure(error) }
        submitter.stop()
        try await running
        return try result.get()
    }

    func put(
        _ name: String,
        url: String = "http://model/hook",
        _ configure: (inout EndpointDefinition) -> Void = { _ in }
    )
        async throws
    {
        var definition = EndpointDefinition(name: name, url: url)
        configure(&definition)
        let put = definition
        _ = try await store.write { try $0.putEndpoint(put, start: $0.head()) }
    }

    /// Publishes events `first`, `first + 1`, … of one subject; answers their changes.
    @discardableResult
    func publish(_ subject: String, type: String = "order.paid", _ numbers: ClosedRange<Int>) async throws
        -> [StateChange]
    {
        let events = numbers.map {
            PublishedEvent(type: type, source: "/shop", subject: subject, data: ["number": .number("\($0)")])
        }
        return try await store.write { transaction in
            try transaction.publish(events).compactMap { try transaction.change(sequence: $0.sequence) }
        }
    }

    func endpoint(_ name: String) async throws -> StoredEndpoint? {
        try await store.read { try $0.endpoint(name) }
    }

    /// The types of the agent's own changes, in order.
    func agentChanges() async throws -> [String] {
        try await store.read { try $0.changes(ofLane: .agent, after: 0, limit: 100).map(\.content.type) }
    }
}

extension TransportRequest {
    var event: JSON? { try? JSON(parsing: body) }
    var number: Int? { event?["data"]?["number"]?.integer }
}
