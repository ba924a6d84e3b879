import Glibc
import JSON
import ReeveProcess
import ReeveProtocol
import TestSupport
import Testing

@testable import ReeveSubmitter

/// Real commands.
struct CommandCarrierTests {
    private func carry(
        _ command: [String],
        _ configure: (inout EndpointDefinition) -> Void = { _ in },
        in fixture: CarrierFixture? = nil
    ) async throws -> DeliveryResult {
        let fixture = try fixture ?? CarrierFixture()
        var endpoint = EndpointDefinition(name: "notify", kind: .command)
        endpoint.command = command
        endpoint.timeout = .minutes(5)
        configure(&endpoint)
        let result = await fixture.carrier(endpoint).carry([.of("dev.reeve.run.failed")]).result
        #expect(fixture.processes.records.isEmpty)
        return result
    }

    private func shell(_ line: String) async throws -> DeliveryResult { try await carry(["/bin/sh", "-c", line]) }

    @Test func `it gets the event on its standard input, and what it is about in its environment`() async throws {
        let fixture = try CarrierFixture()
        let line = "cat > \(fixture.path("event")); echo $REEVE_ENDPOINT $REEVE_TYPE $REEVE_LANE $REEVE_EVENT $MINE"
        let command = ["/bin/sh", "-c", line]
        let result = try await carry(command, { $0.environment = ["MINE": .literal("x")] }, in: fixture)
        let facts = "notify dev.reeve.run.failed task:a change-10 x"
        #expect(result == .delivered(Reply(status: nil, text: "exited with 0: \(facts)")))
        let event = try JSON(parsing: Array(try String(contentsOf: fixture.path("event")).utf8))
        #expect(event["id"] == "change-10" && event["data"]?["summary"] == "dev.reeve.run.failed in task:a")
        #expect(fixture.names == ["deliveries", "event"])
    }

    @Test func `its words are no shell's`() async throws {
        let result = try await carry(["/bin/echo", "$HOME; false", "*"])
        #expect(result == .delivered(Reply(status: nil, text: "exited with 0: $HOME; false *")))
    }

    @Test func `75 is tried again, and every other end is a refusal`() async throws {
        #expect(
            try await shell("echo later >&2; exit 75")
                == .trouble(Reply(status: nil, text: "exited with 75: later"), after: nil)
        )
        #expect(
            try await shell("echo a; echo b >&2; exit 3") == .refused(Reply(status: nil, text: "exited with 3: a / b"))
        )
        #expect(try await shell("kill -9 $$") == .refused(Reply(status: nil, text: "was ended by signal 9")))
    }

    @Test func `one that cannot be started is the endpoint's trouble`() async throws {
        let result = try await carry(["/nowhere/notify"])
        let reason = "cannot execute /nowhere/notify: no such file or directory"
        #expect(result == .trouble(Reply(status: nil, text: reason), after: nil))
    }

    @Test func `one that does not end in time is killed with what it started, and tried again`() async throws {
        let fixture = try CarrierFixture()
        let line = "sleep 1000 & echo $! > \(fixture.path("pid")); echo began; wait"
        var endpoint = EndpointDefinition(name: "notify", kind: .command)
        endpoint.command = ["/bin/sh", "-c", line]
        endpoint.timeout = .seconds(60)
        let clock = ManualClock()
        async let attempt = fixture.carrier(endpoint, clock: clock).carry([.of("a")])
        await clock.sleepers()
        await fixture.commandHasWritten()
        clock.advance(by: .seconds(60))
        let reason = "did not end within 1m and was killed: began"
        #expect(await attempt.result == .trouble(Reply(status: nil, text: reason), after: nil))
        let pid = try #require(pid_t(fixture.lines("pid").first ?? ""))
        #expect(kill(pid, 0) != 0 || fixture.isZombie(pid))
    }

    @Test func `a delivery that is given up leaves nothing behind`() async throws {
        let fixture = try CarrierFixture()
        var endpoint = EndpointDefinition(name: "notify", kind: .command)
        endpoint.command = ["/bin/sh", "-c", "echo $$ > \(fixture.path("pid")); echo began; exec sleep 1000"]
        let clock = ManualClock()
        let carrier = fixture.carrier(endpoint, clock: clock)
        let task = Task { await carrier.carry([.of("a")]) }
        await clock.sleepers()
        await fixture.commandHasWritten()
        task.cancel()
        _ = await task.value
        #expect(fixture.processes.records.isEmpty)
        let pid = try #require(pid_t(fixture.lines("pid").first ?? ""))
        #expect(kill(pid, 0) != 0)
    }

    @Test func `a line for a shell does the same`() async throws {
        let fixture = try CarrierFixture()
        var endpoint = EndpointDefinition(name: "notify", kind: .command)
        endpoint.command = ["/bin/sh", "-c", "cat >> \(fixture.path("event"))"]
        let attempt = await fixture.carrier(endpoint).carry([.of("a'b")])
        var again = EndpointDefinition(name: "again", kind: .command)
        again.command = ["/bin/sh", "-c", attempt.shellLine()]
        _ = await fixture.carrier(again).carry([.of("other")])
        let lines = fixture.lines("event")
        #expect(lines.count == 2 && lines[0] == lines[1] && lines[0].contains("a'b"))
    }
}

extension CarrierFixture {
    /// Returns when the one command that runs has written something.
    func commandHasWritten() async {
        for record in processes.records { _ = await processes.output(record.key, beyond: .start) }
    }

    func isZombie(_ pid: pid_t) -> Bool {
        (try? String(contentsOf: "/proc/\(pid)/stat"))?.contains(") Z ") ?? true
    }
}
