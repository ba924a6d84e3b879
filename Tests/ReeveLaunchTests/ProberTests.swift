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

    @Test func `who does not answer in time has failed`() async throws {
        try await Self.with { prober, subject in
            // It takes connections, and says nothing.
            let silent = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                .bind(host: "127.0.0.1", port: 0).get()
            let url = "http://127.0.0.1:\(try #require(silent.localAddress?.port))/"
            let result = await Self.tryOnce(prober, .http(url), of: subject, timeout: .milliseconds(5))
            #expect(result == .failure("\(url): no answer within 5ms"))
            try await silent.close()
        }
    }

    @Test func `a port whose queue is full does not answer in time`() async throws {
        try await Self.with { prober, subject in
            let port = try FullPort()
            defer { port.close() }
            let result = await Self.tryOnce(
                prober,
                .tcp("127.0.0.1:\(port.number)"),
                of: subject,
                timeout: .milliseconds(5)
            )
            #expect(result == .failure("cannot connect to 127.0.0.1:\(port.number): no answer within 5ms"))
        }
    }

    @Test func `it is tried again when the interval is over, and not before`() async throws {
        try await WebhookReceiver.running { receiver in
            let url = receiver.url
            try await Self.with { _, subject in
                let clock = ManualClock()
                let prober = Prober(clock: clock)
                receiver.answer { _ in .status(503) }
                async let isMet = prober.waitUntilMet(
                    .http(url),
                    of: subject,
                    interval: .seconds(5),
                    timeout: .seconds(30)
                )
                await clock.sleepers()
                #expect(receiver.records.count == 1)
                receiver.answer { _ in .status(204) }
                clock.advance(by: .milliseconds(4900))
                #expect(clock.sleeping == 1)
                clock.advance(by: .milliseconds(100))
                #expect(await isMet)
                #expect(receiver.records.count == 2)
                await prober.shutDown()
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

/// A port at which so many connections wait to be taken that the kernel answers no further one.
private struct FullPort {
    let number: UInt16
    private let descriptors: [CInt]

    init() throws {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        func withAddress<Result>(_ body: (UnsafeMutablePointer<sockaddr>) -> Result) -> Result {
            withUnsafeMutablePointer(to: &address) { $0.withMemoryRebound(to: sockaddr.self, capacity: 1, body) }
        }
        let type = CInt(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
        let listening = socket(AF_INET, type, 0)
        try #require(withAddress { bind(listening, $0, length) } == 0 && listen(listening, 0) == 0)
        try #require(withAddress { getsockname(listening, $0, &length) } == 0)
        // One is taken into the queue; the others do no harm.
        descriptors =
            [listening]
            + (0..<3).map { _ in
                let descriptor = socket(AF_INET, type, 0)
                _ = withAddress { connect(descriptor, $0, length) }
                return descriptor
            }
        number = UInt16(bigEndian: address.sin_port)
    }

    func close() {
        for descriptor in descriptors { Glibc.close(descriptor) }
    }
}
