import Glibc
import JSON
import ReeveProtocol
import TestSupport
import Testing

@testable import ReeveSubmitter

/// Lines in real files.
struct FileCarrierTests {
    private func endpoint(_ path: String, _ configure: (inout EndpointDefinition) -> Void = { _ in })
        -> EndpointDefinition
    {
        var endpoint = EndpointDefinition(name: "log", kind: .file)
        endpoint.path = path
        endpoint.timeout = .minutes(5)
        configure(&endpoint)
        return endpoint
    }

    @Test func `each submission is a line of JSON, behind what was there`() async throws {
        let fixture = try CarrierFixture()
        fixture.write("{}\n", to: "events")
        let carrier = fixture.carrier(endpoint(fixture.path("events")))
        for number in 1...3 {
            let attempt = await carrier.carry([.of("dev.reeve.run.failed", number: number)])
            #expect(attempt.result == .delivered(attempt.result.reply))
        }
        let lines = fixture.lines("events")
        #expect(lines.count == 4)
        #expect(
            try lines.dropFirst().map { try JSON(parsing: Array($0.utf8))["id"]?.string }
                == ["change-10", "change-20", "change-30"]
        )
        var status = stat()
        #expect(stat(fixture.path("events"), &status) == 0)
    }

    @Test func `many at once are all there, each a whole line`() async throws {
        let fixture = try CarrierFixture()
        let carrier = fixture.carrier(endpoint(fixture.path("events")))
        await withTaskGroup(of: Void.self) { group in
            for number in 1...200 {
                group.addTask {
                    let attempt = await carrier.carry([.of("dev.reeve.run.failed", padding: 5000, number: number)])
                    #expect(attempt.result == .delivered(attempt.result.reply))
                }
            }
        }
        let ids = try fixture.lines("events").map { try JSON(parsing: Array($0.utf8))["id"]?.string }
        #expect(ids.count == 200 && Set(ids).count == 200)
    }

    @Test func `a file that is renamed is made anew, as logrotate wants it`() async throws {
        let fixture = try CarrierFixture()
        let carrier = fixture.carrier(endpoint(fixture.path("events")))
        _ = await carrier.carry([.of("a", number: 1)])
        #expect(rename(fixture.path("events"), fixture.path("events.1")) == 0)
        _ = await carrier.carry([.of("a", number: 2)])
        #expect(unlink(fixture.path("events")) == 0)
        _ = await carrier.carry([.of("a", number: 3)])
        #expect(fixture.lines("events.1").count == 1 && fixture.lines("events").count == 1)
        #expect(fixture.lines("events")[0].contains("change-30"))
    }

    @Test func `a file that is emptied in its place goes on from its beginning`() async throws {
        let fixture = try CarrierFixture()
        let carrier = fixture.carrier(endpoint(fixture.path("events")))
        _ = await carrier.carry([.of("a", number: 1)])
        #expect(truncate(fixture.path("events"), 0) == 0)
        _ = await carrier.carry([.of("a", number: 2)])
        let text = try String(contentsOf: fixture.path("events"))
        #expect(text.hasPrefix("{") && fixture.lines("events").count == 1)
    }

    @Test func `a file that would become too large is renamed, and so many are kept`() async throws {
        let fixture = try CarrierFixture()
        let carrier = fixture.carrier(
            endpoint(fixture.path("events")) { $0.rotate = RotationDefinition(size: .kibibytes(2), keep: 2) }
        )
        for number in 1...12 {
            let attempt = await carrier.carry([.of("a", padding: 250, number: number)])
            #expect(attempt.result == .delivered(attempt.result.reply))
        }
        #expect(fixture.names == ["events", "events.1", "events.2"])
        // Two each, and none is lost but with the files that are not kept.
        let ids = ["events.2", "events.1", "events"].map(fixture.lines).joined().map { (line: String) -> Int? in
            (1...12).first { line.contains("\"change-\($0)0\"") }
        }
        #expect(ids == [7, 8, 9, 10, 11, 12])
        for name in fixture.names {
            var status = stat()
            #expect(stat(fixture.path(name), &status) == 0 && status.st_size <= 2048)
        }
    }

    @Test func `a line that is larger than the limit has a file of its own`() async throws {
        let fixture = try CarrierFixture()
        let carrier = fixture.carrier(
            endpoint(fixture.path("events")) { $0.rotate = RotationDefinition(size: .kibibytes(1), keep: 5) }
        )
        _ = await carrier.carry([.of("a", padding: 5000, number: 1)])
        _ = await carrier.carry([.of("a", padding: 5000, number: 2)])
        #expect(fixture.lines("events").count == 1 && fixture.lines("events.1").count == 1)
    }

    @Test func `a line that a killed agent left unfinished is ended first`() async throws {
        let fixture = try CarrierFixture()
        fixture.write("{\"id\":\"change-", to: "events")
        _ = await fixture.carrier(endpoint(fixture.path("events"))).carry([.of("a")])
        let lines = fixture.lines("events")
        #expect(lines.count == 2 && lines[0] == "{\"id\":\"change-" && lines[1].hasPrefix("{\"specversion\""))
    }

    @Test func `what is no file, and where none can be, is the endpoint's trouble`() async throws {
        let fixture = try CarrierFixture()
        mkfifo(fixture.path("pipe"), 0o600)
        let reasons = [
            fixture.path("pipe"): "is not a regular file", fixture.folder: "Is a directory",
            fixture.path("none/events"): "cannot open \(fixture.path("none/events")): No such file or directory",
            "/dev/full": "is not a regular file",
        ]
        for (path, reason) in reasons {
            let result = await fixture.carrier(endpoint(path)).carry([.of("a")]).result
            guard case .trouble(let reply, nil) = result, reply.status == nil else {
                Issue.record("\(path): \(result)")
                continue
            }
            #expect(reply.text.contains(reason), "\(path)")
        }
    }

    @Test func `as text it is a log that people read`() async throws {
        let fixture = try CarrierFixture()
        let carrier = fixture.carrier(endpoint(fixture.path("events")) { $0.format = .text })
        _ = await carrier.carry([.of("dev.reeve.run.failed")])
        #expect(fixture.lines("events") == ["1970-01-01T00:00:00.010Z dev.reeve.run.failed in task:a"])
    }
}

/// Lines to a descriptor that somebody else has opened.
struct StandardOutputTests {
    private static func pipes() throws -> (read: CInt, write: CInt) {
        var ends: [CInt] = [0, 0]
        #expect(pipe(&ends) == 0)
        return (ends[0], ends[1])
    }

    @Test func `a line goes out whole`() async throws {
        let fixture = try CarrierFixture()
        let (read, write) = try Self.pipes()
        defer { close(read) }
        let carrier = fixture.carrier(EndpointDefinition(name: "out", kind: .stdout), standardOutput: write)
        let result = await carrier.carry([.of("a", padding: 20_000)]).result
        #expect(result == .delivered(result.reply))
        close(write)
        var buffer = [UInt8](repeating: 0, count: 65_536)
        let count = Glibc.read(read, &buffer, buffer.count)
        #expect(try JSON(parsing: Array(buffer[..<count]))["id"] == "change-10")
    }

    @Test func `a reader that has gone, and one that does not read, are the endpoint's trouble`() async throws {
        signal(SIGPIPE, SIG_IGN)
        let fixture = try CarrierFixture()
        var endpoint = EndpointDefinition(name: "out", kind: .stdout)
        endpoint.timeout = .milliseconds(50)
        let (read, write) = try Self.pipes()
        defer { close(write) }
        let carrier = fixture.carrier(endpoint, standardOutput: write)
        // More than a pipe holds.
        let stuck = await carrier.carry([.of("a", padding: 200_000)]).result
        #expect(stuck.reply.text == "it could not be written within 50ms")
        close(read)
        endpoint.timeout = .minutes(5)
        let gone = await fixture.carrier(endpoint, standardOutput: write).carry([.of("a")]).result
        #expect(gone == .trouble(Reply(status: nil, text: "cannot write to standard output: Broken pipe"), after: nil))
    }
}
