import ReeveEngine
import TestSupport
import Testing

/// What becomes of the errors that end workers and starts: directives, filters, fatal ones.
@Suite struct EngineErrorTests {
    private static let isFatal: @Sendable (any Error) -> Bool = { ($0 as? Trouble)?.text.hasPrefix("fatal") == true }

    @Test func `E32: a directive inside another error acts like a bare one`() async throws {
        let house = try House()
        let failing = Failures()
        try await house.running { engine in
            try engine.install([
                Manifold("goer") { _ in throw Wrapper(inner: Directive.uninstall) },
                Manifold("misser") { _ in throw Wrapper(inner: Directive.missing("a port")) },
                Manifold("bouncer") { _ in Started(await failing.worker()) },
            ])
            _ = await house.transitions.first { $0.reason == "a port" }
            try await engine.started(["bouncer"])
            try await engine.stopped(["goer"])
            await failing.fail(with: Wrapper(inner: Directive.bounce))
            try await engine.stopped(["bouncer"])
            let report = engine.snapshot()
            #expect(report["goer"] == nil)
            #expect(report["misser"]?.rest == .missing)
            #expect(report["bouncer"]?.failures == 0)
            #expect(report["bouncer"]?.retryIn == .seconds(1))
        }
    }

    @Test func `E33: a filter speaks for the worker, and hears of clean ends too`() async throws {
        let house = try House()
        try await house.running { engine in
            try engine.install([
                Manifold("goer", filter: { $0 is Trouble ? Directive.uninstall : $0 }) { _ in throw Trouble(text: "") },
                Manifold("ender", filter: { $0 ?? Directive.missing("more work") }) { _ in Started(TaskWorker { _ in })
                },
            ])
            _ = await house.transitions.first { $0.reason == "more work" }
            try await engine.stopped(["goer"])
            #expect(engine.snapshot().manifolds.map(\.name) == ["ender"])
        }
    }

    @Test func `E34: what a filter calls a bounce is no failure and always waits the bounce delay`() async throws {
        let house = try House()
        let failing = Failures()
        try await house.running { engine in
            try engine.install(
                Manifold("a", filter: { $0 is Trouble ? Directive.bounce : $0 }) { _ in Started(await failing.worker())
                }
            )
            for starts in 1...3 {
                try await engine.started(["a"])
                #expect(engine.snapshot()["a"]?.starts == starts)
                await failing.fail("X")
                try await engine.stopped(["a"])
                await house.clock.sleepers()
                #expect(house.clock.advanceToNext() == .seconds(1))
            }
            #expect(engine.snapshot()["a"]?.failures == 0)
        }
    }

    @Test func `E41: a start or worker that cancels its own task is a failure like any other`() async throws {
        let house = try House()
        try await house.running { engine in
            try engine.install([
                Manifold("start") { _ in
                    withUnsafeCurrentTask { $0?.cancel() }
                    try Task.checkCancellation()
                    return Started(House.idler)
                },
                Manifold("worker") { _ in
                    Started(
                        TaskWorker(stopping: .signals) { _ in
                            withUnsafeCurrentTask { $0?.cancel() }
                            try Task.checkCancellation()
                        }
                    )
                },
                house.storing("s"),
            ])
            var failed: Set<String> = []
            while failed.count < 2, let failure = await house.transitions.first(where: { $0.failures == 1 }) {
                failed.insert(failure.manifold)
                #expect(failure.retryIn != nil)
            }
            #expect(failed == ["start", "worker"])
            try await engine.started(["store"])
        }
    }

    @Test func `E53: a fatal error ends the engine with it, an ordinary one does not`() async throws {
        let house = try House(fatalErrors: FatalErrors(isFatal: Self.isFatal))
        let failing = Failures()
        try house.engine.install([
            house.storing("s"), Manifold("a") { _ in Started(await failing.worker()) },
        ])
        let task = Task { try await house.engine.run() }
        try await house.engine.started(["a", "store"])
        await failing.fail("ordinary")
        try await house.engine.stopped(["a"])
        await house.clock.sleepers()
        house.clock.advanceToNext()
        try await house.engine.started(["a", "store"])
        await failing.fail("fatal")
        await #expect(throws: Trouble(text: "fatal")) { try await task.value }
        let report = house.engine.snapshot()
        #expect(report.manifolds.map(\.state) == [.stopped, .stopped])
        #expect(report.manifolds.map(\.starts) == [1, 2])
        #expect(report["a"]?.retryIn == nil)
    }

    @Test func `E54, E57: the worst fatal error ends the engine`() async throws {
        let fatal = FatalErrors(
            isFatal: Self.isFatal,
            worst: { newer, previous in "\(newer)" > "\(previous)" ? newer : previous },
            filter: { Trouble(text: "the engine: \(($0 as? Trouble)?.text ?? "")") }
        )
        let house = try House(fatalErrors: fatal)
        try house.engine.install([
            Manifold("small") { _ in throw Trouble(text: "small") },
            Manifold("q") { _ in
                Started(
                    TaskWorker(stopping: .signals) {
                        await $0.requested()
                        throw Trouble(text: "fatal 2")
                    }
                )
            },
        ])
        let task = Task { try await house.engine.run() }
        try await house.engine.started(["q"])
        try house.engine.install(Manifold("p") { _ in throw Trouble(text: "fatal 1") })
        await #expect(throws: Trouble(text: "the engine: fatal 2")) { try await task.value }
        #expect(house.engine.snapshot().error == "Trouble(text: \"fatal 1\")")
    }

    @Test func `E56: a start's error ends the engine when its manifold's filter makes it a fatal one`() async throws {
        let house = try House(fatalErrors: FatalErrors(isFatal: Self.isFatal))
        try house.engine.install(
            Manifold("a", filter: { $0 is Wrapper ? Trouble(text: "fatal") : $0 }) { _ in
                throw Wrapper(inner: Trouble(text: "harmless"))
            }
        )
        await #expect(throws: Trouble(text: "fatal")) { try await house.engine.run() }
    }

    @Test func `E57: a clean end is not put before the engine's filter`() async throws {
        let asked = Events<String>()
        let fatal = FatalErrors(filter: { error in
            asked.add("asked")
            return error
        })
        let house = try House(fatalErrors: fatal)
        try await house.running { engine in
            try engine.install(house.storing("s"))
            try await engine.started(["store"])
        }
        asked.add("the end")
        #expect(await asked.next() == "the end")
    }
}

private struct Wrapper: DirectingError {
    let inner: any Error
    var directive: Directive? { (inner as? any DirectingError)?.directive }
}
