import ReeveEngine
import TestSupport
import Testing

@Suite struct EngineTests {
    @Test func `E1: an empty engine starts and ends`() async throws {
        let house = try House()
        #expect(await house.engine.report().state == .started)
        house.engine.shutdown()
        let left = try await house.engine.run()
        #expect(left.isEmpty)
        #expect(await house.engine.report().state == .stopped)
        await #expect(throws: EngineError.self) { try await house.engine.run() }
    }

    @Test func `E20: a failed worker is tried again after the delay, and its dependent runs once more`() async throws {
        let house = try House()
        let starts = Events<String>()
        let failing = Failures()
        try await house.running { engine in
            try engine.install([
                Manifold("store", outputs: [House.store.declaration]) { _ in
                    starts.add("store")
                    return Started(await failing.worker(), outputs: [House.store.output("s")])
                },
                Manifold("user", inputs: [.required(House.store)]) { inputs in
                    starts.add("user of \(try inputs[House.store])")
                    return Started(House.idler)
                },
            ])
            try await engine.started(["store", "user"])
            await failing.fail("the disk is gone")
            try await engine.stopped(["store", "user"])
            let waiting = engine.snapshot()
            #expect(waiting["store"]?.error == "Trouble(text: \"the disk is gone\")")
            let retryIn = try #require(waiting["store"]?.retryIn)
            #expect(Duration.seconds(3).spread.contains(retryIn))
            #expect(waiting["user"]?.waitingFor == ["store"])
            await house.clock.sleepers()
            house.clock.advance(by: .milliseconds(3400))
            try await engine.started(["store", "user"])
            #expect(engine.snapshot()["store"]?.starts == 2)
            #expect(engine.snapshot()["user"]?.starts == 2)
        }
        #expect(await starts.next(4) == ["store", "user of s", "store", "user of s"])
    }

    @Test func `E41: a start that throws harms only itself`() async throws {
        let house = try House()
        try await house.running { engine in
            try engine.install([
                Manifold("bad") { _ in throw Trouble(text: "no") },
                house.storing("s"),
            ])
            try await engine.started(["store"])
            try await engine.stopped(["bad"])
            #expect(engine.snapshot()["bad"]?.error == "Trouble(text: \"no\")")
            await house.clock.sleepers()
            house.clock.advance(by: .seconds(4))
            let second = await house.transitions.first { $0.failures == 2 }
            #expect(second?.manifold == "bad")
            #expect(engine.snapshot()["store"]?.starts == 1)
        }
    }

    @Test func `E35: a start is cancelled when the engine stops, and not tried again`() async throws {
        let house = try House()
        let starts = Events<Int>()
        try await house.running { engine in
            try engine.install(
                Manifold("slow") { _ in
                    starts.add(1)
                    try await house.clock.sleep(for: .seconds(1000))
                    throw Trouble(text: "it was not cancelled")
                }
            )
            _ = await starts.next()
            await house.clock.sleepers()
        }
        #expect(house.engine.snapshot()["slow"]?.starts == 0)
        #expect(house.engine.snapshot()["slow"]?.error == nil)
    }

    @Test func `E59: a worker that comes too late is stopped and waited for, not cancelled`() async throws {
        let house = try House()
        let log = Events<String>()
        try await house.running { engine in
            try engine.install(
                Manifold("late") { _ in
                    log.add("starting")
                    // Notices the cancellation, and has a worker all the same.
                    try? await house.clock.sleep(for: .seconds(1000))
                    return Started(
                        TaskWorker(stopping: .signals) {
                            await $0.requested()
                            log.add(Task.isCancelled ? "cancelled" : "stopped")
                        }
                    )
                }
            )
            #expect(await log.next() == "starting")
        }
        #expect(await log.next() == "stopped")
        #expect(house.engine.snapshot()["late"]?.starts == 0)
    }

    @Test func `a start over its limit is cancelled and is a failure`() async throws {
        let house = try House()
        try await house.running { engine in
            try engine.install(
                Manifold("slow", limits: ManifoldLimits(start: .seconds(5))) { _ in
                    try await house.clock.sleep(for: .seconds(1000))
                    throw Trouble(text: "it was not cancelled")
                }
            )
            await house.clock.sleepers(2)
            house.clock.advance(by: .seconds(5))
            let failure = await house.transitions.first { $0.failures == 1 }
            #expect(failure?.reason?.contains("5000 ms") == true)
        }
    }

    @Test func `limits change while the worker runs`() async throws {
        let house = try House()
        let failing = Failures()
        try await house.running { engine in
            try engine.install(Manifold("a") { _ in Started(await failing.worker()) })
            try await engine.started(["a"])
            try engine.setLimits(ManifoldLimits(backoff: BackoffPolicy(delay: .seconds(100))), of: "a")
            try await engine.answered()
            #expect(engine.snapshot()["a"]?.starts == 1)
            await failing.fail("no route")
            try await engine.stopped(["a"])
            let retryIn = try #require(engine.snapshot()["a"]?.retryIn)
            #expect(Duration.seconds(60).spread.contains(retryIn))
            #expect(throws: EngineError.self) { try engine.setLimits(ManifoldLimits(), of: "nobody") }
        }
    }

    @Test func `E60: the shutdown goes from dependents to inputs`() async throws {
        let house = try House()
        let ended = Events<String>()
        @Sendable func worker(_ name: String) -> TaskWorker {
            TaskWorker(stopping: .signals) {
                await $0.requested()
                ended.add(name)
            }
        }
        try await house.running { engine in
            try engine.install([
                Manifold("top", inputs: [.live(Resource<Int>("middle"))]) { _ in Started(worker("top")) },
                Manifold("middle", inputs: [.required(House.store)], outputs: [Resource<Int>("middle").declaration]) {
                    _ in Started(worker("middle"), outputs: [Resource<Int>("middle").output(1)])
                },
                Manifold("store", outputs: [House.store.declaration]) { _ in
                    Started(worker("store"), outputs: [House.store.output("s")])
                },
            ])
            try await engine.started(["top", "middle", "store"])
        }
        #expect(await ended.next(3) == ["top", "middle", "store"])
    }

    @Test func `E61: what does not stop is cancelled, named and left`() async throws {
        let house = try House()
        let release = StopSignal()
        let left = try await house.running { engine in
            try engine.install([
                Manifold("deaf", inputs: [.required(House.store)], limits: ManifoldLimits(stop: .seconds(5))) { _ in
                    Started(DeafWorker(release: release))
                },
                house.storing("s"),
            ])
            try await engine.started(["deaf"])
            engine.shutdown()
            _ = await house.transitions.first { $0.manifold == "deaf" && $0.state == .stopping }
            await house.clock.sleepers()
            house.clock.advance(by: .seconds(5))
        }
        #expect(left == ["deaf"])
        #expect(house.engine.snapshot()["store"]?.state == .stopped)
        release.request()
    }

    @Test func `who waits for the stop of what does not stop is told so`() async throws {
        let house = try House()
        let release = StopSignal()
        try await house.running { engine in
            try engine.install([
                Manifold("deaf", limits: ManifoldLimits(stop: .seconds(5))) { _ in
                    Started(DeafWorker(release: release))
                },
                house.storing("s"),
            ])
            try await engine.started(["deaf", "store"])
            try engine.stop("deaf")
            try engine.stop("store")
            async let stopped: Void = engine.stopped(["deaf", "store"])
            _ = await house.transitions.first { $0.manifold == "deaf" && $0.state == .stopping }
            await house.clock.sleepers()
            house.clock.advance(by: .seconds(5))
            do {
                try await stopped
                Issue.record("it was said to have stopped")
            } catch let error as EngineError {
                #expect(error.code == .notStopped)
                #expect(error.message.contains("deaf") && !error.message.contains("store"))
            }
            release.request()
            // It may still end, and could be started again then.
            _ = await house.transitions.first { $0.manifold == "deaf" && $0.state == .stopped }
            try await engine.stopped(["deaf"])
        }
    }

    @Test func `a group is removed as one, and its names may be given anew`() async throws {
        let house = try House()
        let middle = Resource<Int>("middle")
        func group() -> [Manifold] {
            [
                house.storing("s"),
                Manifold("middle", inputs: [.required(House.store)], outputs: [middle.declaration]) { _ in
                    Started(House.idler, outputs: [middle.output(1)])
                },
            ]
        }
        try await house.running { engine in
            try engine.install(group() + [Manifold("user", inputs: [.required(middle)]) { _ in Started(House.idler) }])
            try await engine.started(["user"])
            #expect(throws: EngineError.self) { try engine.remove(["store", "middle", "nobody"]) }
            try engine.remove(["store", "middle"])
            try await engine.stopped(["store", "middle", "user"])
            #expect(engine.snapshot().manifolds.map(\.name) == ["user"])
            try engine.install(group())
            try await engine.started(["user"])
            #expect(engine.snapshot()["user"]?.starts == 2)
        }
    }

    @Test func `a cancelled run shuts down in order`() async throws {
        let house = try House()
        try house.engine.install(house.storing("s"))
        let task = Task { try await house.engine.run() }
        try await house.engine.started(["store"])
        task.cancel()
        #expect(try await task.value == [])
        #expect(house.engine.snapshot().state == .stopped)
    }

    @Test func `who waits for what never comes is told of the end`() async throws {
        let house = try House()
        let waiting = Task { try await house.engine.started(["nobody"]) }
        try await house.running { try await $0.answered() }
        await #expect(throws: EngineError.self) { try await waiting.value }
        await #expect(throws: EngineError.self) { try await house.engine.started(["nobody"]) }
        try await house.engine.stopped(["nobody"])
    }
}

/// Hears neither a stop nor a cancellation.
private struct DeafWorker: Worker {
    let release: StopSignal

    func stop() {}

    func wait() async throws {
        // A task of its own does not inherit the cancellation.
        await Task { await release.requested() }.value
    }
}
