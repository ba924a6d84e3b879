import ReeveEngine
import TestSupport
import Testing

/// What a start may ask for, and what live inputs show.
@Suite struct EngineInputTests {
    private static let number = Resource<Int>("number")

    private static let numbering = Manifold("number", outputs: [number.declaration]) { _ in
        Started(House.idler, outputs: [number.output(1)])
    }

    /// The errors of a start that tries these, while the store and a number are there.
    private func codes(
        inputs: [Input],
        _ tries: [@Sendable (Inputs) throws -> Void]
    ) async throws -> [EngineError.Code?] {
        let house = try House()
        let codes = Events<EngineError.Code?>()
        try await house.running { engine in
            try engine.install([house.storing("s"), Self.numbering])
            try engine.install(
                Manifold("user", inputs: inputs) { inputs in
                    for attempt in tries { codes.add(code { try attempt(inputs) }) }
                    return Started(House.idler)
                }
            )
            try await engine.started(["user", "number"])
        }
        return await codes.next(tries.count)
    }

    private func code(_ body: () throws -> Void) -> EngineError.Code? {
        do {
            try body()
            return nil
        } catch {
            return (error as? EngineError)?.code
        }
    }

    @Test func `E14: only declared inputs can be had, and only as declared`() async throws {
        let codes = try await codes(
            inputs: [.required(House.store)],
            [
                { _ = try $0[House.store] },
                { _ = try $0[Self.number] },
                { _ = try $0[Resource<Int>("store")] },
                { _ = try $0.optional(House.store) },
                { _ = try $0.live(House.store) },
            ]
        )
        #expect(codes == [nil, .undeclaredInput, .undeclaredInput, .undeclaredInput, .undeclaredInput])
    }

    @Test func `E15: whether an input is there can be asked, and all get the value that its start made`() async throws {
        final class Made: Sendable {}
        let made = Resource<Made>("made")
        let house = try House()
        let seen = Events<ObjectIdentifier?>()
        @Sendable func user(_ name: String) -> Manifold {
            Manifold(name, inputs: [.optional(made), .required(House.store)]) { inputs in
                seen.add(try inputs.optional(made).map { ObjectIdentifier($0) })
                return Started(House.idler)
            }
        }
        try await house.running { engine in
            try engine.install(
                Manifold("made", outputs: [made.declaration]) { _ in
                    Started(House.idler, outputs: [made.output(Made())])
                }
            )
            try await engine.started(["made"])
            try engine.install([user("one"), user("another"), house.storing("s")])
            try await engine.started(["one", "another"])
        }
        let (one, another) = (await seen.next(), await seen.next())
        #expect(one == another)
        #expect(one != .some(nil))
    }

    @Test func `E16: what a running manifold does not offer is waited for, by its name`() async throws {
        let house = try House()
        try await house.running { engine in
            try engine.install([
                Manifold("number") { _ in Started(House.idler) },
                Manifold("user", inputs: [.required(Self.number)]) { _ in Started(House.idler) },
            ])
            try await engine.started(["number"])
            let report = try #require(engine.snapshot()["user"])
            #expect(report.state == .stopped && report.waitingFor == ["number"])
            #expect(report.inputs.first?.manifold == nil)
        }
    }

    @Test func `E17: an output that cannot be made is the failure of who offers it`() async throws {
        let house = try House()
        let filtered = Events<Trouble?>()
        let filter: Manifold.Filter = { error in
            filtered.add(error as? Trouble)
            return error
        }
        try await house.running { engine in
            try engine.install([
                Manifold("store", outputs: [House.store.declaration], filter: filter) { _ in
                    throw Trouble(text: "no disk")
                },
                Manifold("user", inputs: [.required(House.store)]) { _ in Started(House.idler) },
            ])
            #expect(await filtered.next() == Trouble(text: "no disk"))
            _ = await house.transitions.first { $0.failures == 1 }
            #expect(engine.snapshot()["user"]?.waitingFor == ["store"])
            #expect(engine.snapshot()["user"]?.error == nil)
        }
    }

    @Test func `E19: a start sees its inputs as they were when it began, the next one what came`() async throws {
        let house = try House()
        let seen = Events<String>()
        try await house.running { engine in
            try engine.install(
                Manifold("user", inputs: [.optional(House.store, bounces: true)]) { inputs in
                    if let value = try inputs.optional(House.store) {
                        seen.add("then \(value)")
                        return Started(House.idler)
                    }
                    seen.add("first nothing")
                    // Returns when the start is cancelled.
                    await StopSignal().requested()
                    seen.add("still \(try inputs.optional(House.store) ?? "nothing")")
                    throw CancellationError()
                }
            )
            #expect(await seen.next() == "first nothing")
            try engine.install(house.storing("s"))
            #expect(await seen.next() == "still nothing")
            try await engine.stopped(["user"])
            await house.clock.sleepers()
            #expect(house.clock.advanceToNext() == .seconds(1))
            try await engine.started(["user"])
            #expect(await seen.next() == "then s")
            #expect(engine.snapshot()["user"]?.starts == 1)
            #expect(engine.snapshot()["user"]?.failures == 0)
        }
    }

    @Test func `E18: inputs cannot be asked once the start has returned`() async throws {
        let house = try House()
        let kept = Events<Inputs>()
        try await house.running { engine in
            try engine.install(house.storing("s"))
            try engine.install(
                Manifold("user", inputs: [.required(House.store)]) { inputs in
                    kept.add(inputs)
                    return Started(House.idler)
                }
            )
            try await engine.started(["user"])
            let inputs = try #require(await kept.next())
            #expect(code { _ = try inputs[House.store] } == .expiredInputs)
        }
    }

    @Test func `an optional input is there or not`() async throws {
        let house = try House()
        let seen = Events<String?>()
        try await house.running { engine in
            try engine.install(
                Manifold("user", inputs: [.optional(House.store, bounces: true)]) { inputs in
                    seen.add(try inputs.optional(House.store))
                    return Started(House.idler)
                }
            )
            try await engine.started(["user"])
            try engine.install(house.storing("s"))
            try await engine.stopped(["user"])
            await house.clock.sleepers()
            house.clock.advance(by: .seconds(1))
            try await engine.started(["user"])
        }
        #expect(await seen.next(2) == [nil, "s"])
    }

    @Test func `a live input follows its manifold`() async throws {
        let house = try House()
        let handles = Events<Live<String>>()
        try await house.running { engine in
            try engine.install(
                Manifold("user", inputs: [.live(House.store)]) { inputs in
                    handles.add(try inputs.live(House.store))
                    return Started(House.idler)
                }
            )
            let live = try #require(await handles.next())
            #expect(live.value == nil)
            async let present = live.present()
            try engine.install(house.storing("s"))
            #expect(try await present == "s")
            try engine.stop("store")
            try await engine.stopped(["store"])
            #expect(live.value == nil)
            try engine.start("store")
            #expect(try await live.present() == "s")
            try engine.remove("store")
            try await engine.stopped(["store"])
            #expect(live.value == nil)
            try engine.install(house.storing("another"))
            #expect(try await live.present() == "another")
            #expect(engine.snapshot()["user"]?.starts == 1)
        }
    }

    @Test func `who waits for a live input may be cancelled`() async throws {
        let house = try House()
        try await house.running { engine in
            let handles = Events<Live<String>>()
            try engine.install(
                Manifold("user", inputs: [.live(House.store)]) { inputs in
                    handles.add(try inputs.live(House.store))
                    return Started(House.idler)
                }
            )
            let live = try #require(await handles.next())
            let task = Task { try await live.present() }
            task.cancel()
            await #expect(throws: CancellationError.self) { try await task.value }
        }
    }

    @Test(arguments: [[], [House.store.output("s"), Self.number.output(1)], [Self.number.output(1)]])
    func `E40: a worker that does not offer what is declared is ended, a failure`(outputs: [Output]) async throws {
        let house = try House()
        let ended = Events<String>()
        try await house.running { engine in
            try engine.install(
                Manifold("store", outputs: [House.store.declaration]) { _ in
                    let worker = TaskWorker(stopping: .signals) {
                        await $0.requested()
                        ended.add("ended")
                    }
                    return Started(worker, outputs: outputs)
                }
            )
            #expect(await ended.next() == "ended")
            await house.clock.sleepers()
            let report = try #require(engine.snapshot()["store"])
            #expect(report.starts == 0)
            #expect(report.error?.contains("store: Swift.String") == true)
        }
    }
}
