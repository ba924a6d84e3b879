import Testing

@testable import ReeveEngine

/// More than 100,000 random events that change something: installations, removals, requests, new limits, ends of every
/// kind, time, and a shutdown in each of the 240 worlds.
@Suite struct SimulationTests {
    @Test(arguments: 0..<24)
    func `what must always hold does`(batch: UInt64) throws {
        var tally: [String: Int] = [:]
        for seed in batch * 10..<batch * 10 + 10 {
            var world = try World(seed: seed)
            while world.events < 420 { world.step() }
            world.comeToRest()
            world.checkRest()
            let stubborn = world.shutDown(stubborn: Int(seed % 3), fatally: seed % 4 == 3)
            #expect(world.faults.isEmpty, "seed \(seed)")
            #expect(Set(world.left ?? []) == stubborn, "seed \(seed)")
            guard world.faults.isEmpty else { return }
            tally.merge(world.tally, uniquingKeysWith: +)
        }
        let kinds = [
            "install", "remove", "stop", "start", "restart", "setLimits", "time", "started", "completed", "failed",
            "bounced",
            "uninstalled", "missing", "fatal",
        ]
        for kind in kinds { #expect(tally[kind, default: 0] > 0, "\(kind) never came about") }
    }

    @Test func `the same seed gives the same events`() throws {
        func trace() throws -> [String] {
            var world = try World(seed: 99)
            return (0..<300).map { _ in
                world.step()
                return world.lives.keys.map { "\($0.manifold)#\($0.number)" }.sorted().joined(separator: " ")
            }
        }
        #expect(try trace() == trace())
    }
}
