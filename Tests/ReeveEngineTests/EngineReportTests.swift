import ReeveEngine
import TestSupport
import Testing

@Suite struct EngineReportTests {
    private func reporting(_ name: String, _ report: @escaping @Sendable () async -> ReportValue?) -> Manifold {
        Manifold(name) { _ in Started(TaskWorker(stopping: .signals, report: report) { await $0.requested() }) }
    }

    @Test func `workers tell of themselves`() async throws {
        let house = try House()
        try await house.running { engine in
            try engine.install([reporting("a") { ["items": 3] }, reporting("quiet") { nil }])
            try await engine.started(["a", "quiet"])
            let report = await engine.report()
            #expect(report["a"]?.report == ["items": 3])
            #expect(report["quiet"]?.report == nil)
            #expect(house.clock.sleeping == 0)
        }
    }

    @Test func `E65: one that does not answer is marked, and holds up nothing`() async throws {
        let house = try House()
        let release = StopSignal()
        let asked = Events<String>()
        try await house.running { engine in
            try engine.install([
                reporting("a") { ["items": 3] },
                reporting("mute") {
                    asked.add("mute")
                    await release.requested()
                    return "late"
                },
            ])
            try await engine.started(["a", "mute"])
            async let first = engine.report()
            #expect(await asked.next() == "mute")
            try engine.install(house.storing("s"))
            try await engine.started(["store"])
            await house.clock.sleepers()
            house.clock.advance(by: .seconds(2))
            let report = await first
            #expect(report["a"]?.report == ["items": 3])
            #expect(report["mute"]?.report == ["error": "the worker did not answer within 2000 ms"])
            // It still owes that answer, so nobody waits for it.
            #expect(await engine.report()["mute"]?.report != nil)
            release.request()
        }
    }

    @Test func `E70: an inner engine is part of the report, its fatal error the outer one's failure`() async throws {
        let house = try House()
        let inner = try House(fatalErrors: FatalErrors(isFatal: { $0 is Trouble }))
        let failing = Failures()
        try inner.engine.install(
            Manifold("part") { _ in Started(await failing.worker()) }
        )
        try await house.running { engine in
            try engine.install(Manifold("inner") { _ in Started(EngineWorker(inner.engine)) })
            try await inner.engine.started(["part"])
            let report = await engine.report()
            let expected: ReportValue = [
                "state": "started",
                "manifolds": ["part": ["state": "started", "inputs": [], "starts": 1, "startedAt": .time(0)]],
            ]
            #expect(report["inner"]?.report == expected)
            await failing.fail("within")
            try await engine.stopped(["inner"])
            #expect(engine.snapshot()["inner"]?.error == "Trouble(text: \"within\")")
        }
    }

    @Test func `the outer shutdown is the inner one's`() async throws {
        let house = try House()
        let inner = try House()
        try inner.engine.install(inner.storing("s"))
        try await house.running { engine in
            try engine.install(Manifold("inner") { _ in Started(EngineWorker(inner.engine)) })
            try await inner.engine.started(["store"])
        }
        #expect(inner.engine.snapshot().state == .stopped)
        #expect(inner.engine.snapshot()["store"]?.state == .stopped)
    }
}
