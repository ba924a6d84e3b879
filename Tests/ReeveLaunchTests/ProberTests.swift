import Glibc
import NIOCore
import NIOPosix
import ReeveProcess
import ReeveProtocol
import TestSupport
import Testing

@testable import ReeveLaunch

/// Probes against real sockets and real commands.
struct ProberTests {
    private static func with(_ body: (Prober, Prober.Subject) async throws -> Void) async throws {
        let folder = "/tmp/reeve-prober-\(getpid())-\(UInt32.random(in: 0 ... .max))"
        mkdir(folder, 0o755)
        defer { rmdir(folder) }
        let processes = try Processes(now: { 0 }, clock: ContinuousClock())
        let prober = Prober(clock: ContinuousClock())
        let subject = Prober.Subject(
            launcher: CommandLauncher(processes: processes, secrets: SecretReader(credentialsDirectory: nil)),
            command: CommandDefinition(command: ["/bin/true"], environment: ["PLACE": .literal("here")]),
            key: ProcessKey("service/web"),
            facts: ["REEVE_SERVICE": "web"],
            scriptDirectory: folder + "/script",
            log: folder + "/log",
            logStart: .start
        )
        do {
            try await body(prober, subject)
        } catch {
            await prober.shutDown()
            throw error
        }
        await prober.shutDown()
    }

    private static func tryOnce(
        _ prober: Prober,
        _ target: ProbeTarget,
        of subject: Prober.Subject,
        timeout: Duration = .seconds(30)
    ) async -> ProbeResult {
        var progress = Prober.Progress()
        return await prober.tryOnce(target, of: subject, timeout: timeout, progress: &progress)
    }

    @Test func `a port that listens is there, one that does not is refused`() async throws {
        try await Self.with { prober, subject in
            let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                .bind(host: "127.0.0.1", port: 0).get()
            let port = try #require(channel.localAddress?.port)
            let target = ProbeTarget.tcp("127.0.0.1:\(port)")
            #expect(await Self.tryOnce(prober, target, of: subject) == .success)
            try await channel.close()
            let result = await Self.tryOnce(prober, target, of: subject)
            #expect(result == .failure("cannot connect to 127.0.0.1:\(port): connection refused"))
        }
    }

    @Test func `an answer from 200 to 399 is a success`() async throws {
        try await WebhookReceiver.running { receiver in
            let url = receiver.url
            try await Self.with { prober, subject in
                receiver.answer { _ in .status(204) }
                #expect(await Self.tryOnce(prober, .http(url), of: subject) == .success)
                receiver.answer { _ in .status(302) }
                #expect(await Self.tryOnce(prober, .http(url), of: subject) == .success)
                receiver.answer { _ in .status(503) }
                let result = await Self.tryOnce(prober, .http(url), of: subject)
                #expect(result == .failure("\(url) answered 503"))
            }
        }
    }

    @Test func `a command says by its code, with the environment of the process`() async throws {
        try await Self.with { prober, subject in
            let good = ProbeTarget.exec(["/bin/sh", "-c", "test \"$PLACE/$REEVE_SERVICE\" = here/web"])
            #expect(await Self.tryOnce(prober, good, of: subject) == .success)
            let bad = await Self.tryOnce(prober, .exec(["/bin/sh", "-c", "exit 3"]), of: subject)
            #expect(bad == .failure("/bin/sh exited with 3"))
            let none = await Self.tryOnce(prober, .exec(["/no/such/thing"]), of: subject)
            #expect(none == .failure("cannot execute /no/such/thing: no such file or directory"))
            #expect(subject.launcher.processes.records.isEmpty)
        }
    }

    @Test func `a command that does not end in time is killed, and nothing of it is left`() async throws {
        try await Self.with { prober, subject in
            let clock = ManualClock()
            let manual = Prober(clock: clock)
            // One like the process that is asked about: the same facts, and started in the same moment.
            let mark = "REEVE_TEST=\(UInt64.random(in: .min ... .max))"
            let sibling = ProcessKey("service/web")
            let processes = subject.launcher.processes
            try processes.start(
                ProcessSpecification(
                    arguments: ["/bin/sleep", "1000"],
                    environment: ["REEVE_SERVICE=web", "PLACE=here", mark],
                    marks: [mark]
                ),
                key: sibling
            )
            async let result = Self.tryOnce(
                manual,
                .exec(["/bin/sh", "-c", "sleep 1000 & sleep 1000"]),
                of: subject,
                timeout: .seconds(5)
            )
            await clock.sleepers()
            clock.advance(by: .seconds(5))
            #expect(await result == .failure("/bin/sh did not end within 5s"))
            #expect(processes.records.map(\.key) == [sibling])
            #expect(processes.record(sibling)?.end == nil)
            _ = await processes.kill(sibling)
            await manual.shutDown()
        }
    }
}
