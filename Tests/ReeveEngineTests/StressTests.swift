import ReeveEngine
import TestSupport
import Testing

/// The shell under load: many workers on several threads.
@Suite struct StressTests {
    private static func chain(_ number: Int, length: Int) -> [Manifold] {
        (0..<length).map { place in
            let resource = Resource<Int>("c\(number).\(place)")
            let input = place == 0 ? [] : [Input.required(Resource<Int>("c\(number).\(place - 1)"))]
            return Manifold(resource.name, inputs: input, outputs: [resource.declaration]) { _ in
                Started(House.idler, outputs: [resource.output(place)])
            }
        }
    }

    @Test func `a thousand manifolds in chains of ten come up, bounce and go`() async throws {
        let house = try House(MachineDriver.rules { $0.bounceDelay = .zero })
        let manifolds = (0..<100).flatMap { Self.chain($0, length: 10) }
        let names = Set(manifolds.map(\.name))
        let left = try await house.running { engine in
            try engine.install(manifolds)
            try await engine.started(names)
            for number in 0..<100 { try engine.restart("c\(number).0") }
            try await engine.started(names)
            let report = engine.snapshot()
            for manifold in report.manifolds { #expect(manifold.starts == 2) }
        }
        #expect(left.isEmpty)
        for manifold in house.engine.snapshot().manifolds { #expect(manifold.state == .stopped) }
    }

    @Test func `requests from many tasks at once leave one worker for each name`() async throws {
        let house = try House(MachineDriver.rules { $0.bounceDelay = .zero })
        let (lives, life) = AsyncStream<Int>.makeStream()
        let resource = Resource<Int>("a")
        try await house.running { engine in
            try engine.install([
                Manifold("a", outputs: [resource.declaration]) { _ in
                    Started(
                        TaskWorker(stopping: .signals) {
                            life.yield(1)
                            await $0.requested()
                            life.yield(-1)
                        },
                        outputs: [resource.output(1)]
                    )
                },
                Manifold("b", inputs: [.required(resource)]) { _ in Started(House.idler) },
            ])
            await withTaskGroup { group in
                for number in 0..<200 {
                    group.addTask {
                        switch number % 4 {
                        case 0: try? engine.stop("a")
                        case 1: try? engine.start("a")
                        case 2: try? engine.restart("a")
                        default: _ = await engine.report()
                        }
                    }
                }
            }
            try engine.start("a")
            try await engine.started(["a", "b"])
        }
        life.finish()
        var alive = 0
        for await change in lives {
            alive += change
            #expect((0...1).contains(alive))
        }
        #expect(alive == 0)
    }
}
