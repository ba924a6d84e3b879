import Logging
import NIOConcurrencyHelpers
import ReeveEngine
import TestSupport
import Testing

/// Manifolds that hold their own engine, and what is left of an engine.
@Suite struct SelfTests {
    private struct Installer {
        let engine: Engine
    }

    private static let installer = Resource<Installer>("self")

    private func offering(_ engine: Engine) -> Manifold {
        Manifold("self", outputs: [Self.installer.declaration]) { _ in
            Started(House.idler, outputs: [Self.installer.output(Installer(engine: engine))])
        }
    }

    @Test func `E67: others install through a manifold that offers the engine, also while all of it ends`() async throws
    {
        let house = try House()
        let stopping = StopSignal()
        let left = try await house.running { engine in
            try engine.install(offering(engine))
            let users = (0..<100).map { number in
                Manifold("user\(number)", inputs: [.required(Self.installer)]) { inputs in
                    let engine = try inputs[Self.installer].engine
                    try engine.install(Manifold("child\(number)") { _ in Started(House.idler) })
                    if number == 50 { stopping.request() }
                    return Started(House.idler)
                }
            }
            try engine.install(users)
            await stopping.requested()
        }
        #expect(left.isEmpty)
        let report = house.engine.snapshot()
        #expect(report["child50"] != nil)
        for manifold in report.manifolds { #expect(manifold.state == .stopped) }
    }

    @Test func `E68: a worker that reports the engine it is part of is not asked again for it`() async throws {
        let house = try House()
        try await house.running { engine in
            try engine.install(
                Manifold("self") { _ in
                    let report: @Sendable () async -> ReportValue? = { await engine.report().value }
                    return Started(TaskWorker(stopping: .signals, report: report) { await $0.requested() })
                }
            )
            try await engine.started(["self"])
            let own = await engine.report()["self"]?.report
            #expect(own == engine.snapshot().value)
        }
    }

    /// Tells when nothing holds it any more.
    private final class Token: Sendable {
        private let gone: Events<Int>
        private let number: Int

        init(_ number: Int, _ gone: Events<Int>) {
            self.number = number
            self.gone = gone
        }

        deinit { gone.add(number) }
    }

    /// Every task of an engine holds it, and it holds the token.
    private func live(_ number: Int, _ gone: Events<Int>) async throws {
        let token = Token(number, gone)
        let engine = try Engine(
            configuration: EngineConfiguration(),
            clock: ManualClock(),
            wallTime: { 0 },
            logger: Logger(label: "engine", factory: { _ in SwiftLogNoOpLogHandler() }),
            onTransition: { _ in withExtendedLifetime(token) {} }
        )
        try engine.install([
            offering(engine),
            Manifold("user", inputs: [.required(Self.installer)]) { _ in Started(House.idler) },
            Manifold("failing") { _ in throw Trouble(text: "waits for its next try at the end") },
            Manifold("slow") { _ in
                await StopSignal().requested()
                throw CancellationError()
            },
        ])
        async let left = engine.run()
        try await engine.started(["user"])
        _ = await engine.report()
        engine.shutdown()
        #expect(try await left == [])
    }

    @Test(.timeLimit(.minutes(5))) func `E69: fifty engines leave no task behind`() async throws {
        let gone = Events<Int>()
        for number in 0..<50 { try await live(number, gone) }
        #expect(Set(await gone.next(50)) == Set(0..<50))
    }
}
