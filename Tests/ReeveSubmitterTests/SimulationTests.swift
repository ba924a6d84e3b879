import Glibc
import ReeveProtocol
import Testing

@testable import ReeveSubmitter

@Suite(.serialized) struct SimulationTests {
    private static let batches = 8
    private static let runs = 25
    /// 200,000 steps in all; `REEVE_SIMULATION_STEPS=5000` makes it 1,000,000.
    private static let steps = Int(number("REEVE_SIMULATION_STEPS") ?? 1000)
    /// `REEVE_SIMULATION_SEED=200` runs other ones: those from 200 on.
    private static let firstSeed = number("REEVE_SIMULATION_SEED") ?? 0

    private static func number(_ variable: String) -> UInt64? {
        getenv(variable).flatMap { UInt64(String(cString: $0)) }
    }

    @Test(arguments: 0..<UInt64(batches))
    func `nothing is lost, reordered or repeated without need, whatever happens`(batch: UInt64) async {
        var facts = SimulationFacts()
        let first = Self.firstSeed + batch * UInt64(Self.runs)
        for seed in first..<(first + UInt64(Self.runs)) {
            var simulation = Simulation(seed: seed)
            simulation.run(steps: Self.steps)
            #expect(simulation.problems.isEmpty, "seed \(seed) after \(simulation.facts.steps) steps")
            facts.add(simulation.facts)
            // Other tests wait for answers meanwhile.
            await Task.yield()
        }
        // The simulation reaches what it is about.
        #expect(facts.steps == Self.runs * Self.steps)
        #expect(facts.requests > 2000)
        #expect(facts.crashes > 50)
        #expect(facts.replays > 20)
        #expect(facts.retries > 10)
        #expect(facts.halved > 20)
        #expect(facts.givenUp > 20 && facts.told > 20)
        #expect(facts.mostLaggards > 2)
        #expect(facts.largestBatch > 3)
    }
}
