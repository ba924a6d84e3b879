import Logging
import ReeveEngine
import TestSupport
import Testing

@Suite struct EngineTests {
    @Test func `an empty engine starts and ends`() async throws {
        let house = try House()
        #expect(await house.engine.report().state == .started)
        house.engine.shutdown()
        let left = try await house.engine.run()
        #expect(left.isEmpty)
        #expect(await house.engine.report().state == .stopped)
    }

    @Test func `a dependent gets the value of its input`() async throws {
        let house = try House()
        let seen = Events<String>()
        try await house.running { engine in
            try engine.install([
                Manifold("user", inputs: [.required(House.store)]) { inputs in
                    seen.add(try inputs[House.store])
                    return Started(TaskWorker(stopping: .signals) { await $0.requested() })
                },
                house.storing("values"),
            ])
            try await engine.started(["store", "user"])
        }
        #expect(await seen.next() == "values")
    }

    @Test func `a failed worker is tried again after the delay, and its dependent runs once more`() async throws {
        let house = try House()
        let starts = Events<String>()
        let failing = Failures()
        try await house.running { engine in
            try engine.install([
                Manifold("store", outputs: [House.store.declaration]) { _ in
                    starts.add("store")
                    return Started(await failing.worker(), outputs: [House.store.output("s")])
                },
                Manifold("user", inputs: [.required(House.store)]) { _ in
                    starts.add("user")
                    return Started(House.idler)
                },
            ])
            try await engine.started(["store", "user"])
            await failing.fail("the disk is gone")
            try await engine.stopped(["store", "user"])
            let waiting = engine.snapshot()
            #expect(waiting["store"]?.error == "Trouble(text: \"the disk is gone\")")
            let retryIn = try #require(waiting["store"]?.retryIn)
            #expect(Duration.seconds(3).isNear(retryIn))
            #expect(waiting["user"]?.waitingFor == ["store"])
            await house.clock.sleepers()
            house.clock.advance(by: .milliseconds(3400))
            try await engine.started(["store", "user"])
            #expect(engine.snapshot()["store"]?.starts == 2)
            #expect(engine.snapshot()["user"]?.starts == 2)
        }
        #expect(await starts.next(4) == ["store", "user", "store", "user"])
    }
}
