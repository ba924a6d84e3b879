import ReeveProtocol
import Testing

@testable import ReeveSubmitter

struct SimulationTests {
    @Test(arguments: 0..<8)
    func `nothing is lost, reordered or repeated without need, whatever happens`(batch: UInt64) {
        var (submissions, crashes, laggards, deadLetters) = (0, 0, 0, 0)
        for seed in (batch * 25)..<(batch * 25 + 25) {
            var simulation = Simulation(seed: seed)
            simulation.run(steps: 400)
            #expect(simulation.problems.isEmpty, "seed \(seed)")
            submissions += simulation.submissions
            crashes += simulation.crashes
            laggards = max(laggards, simulation.mostLaggards)
            deadLetters += simulation.deadLettered
        }
        // The simulation reaches what it is about.
        #expect(submissions > 1000)
        #expect(crashes > 20)
        #expect(laggards > 1)
        #expect(deadLetters > 10)
    }
}
