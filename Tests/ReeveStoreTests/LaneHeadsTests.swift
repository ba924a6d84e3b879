import ReeveProtocol
import TestSupport
import Testing

@testable import ReeveStore

@Suite struct LaneHeadsTests {
    /// Random transactions with savepoints, against dictionaries that are copied.
    @Test(arguments: 0..<20) func `what was rolled back is never told`(seed: Int) {
        var random = SeededGenerator(seed: UInt64(seed))
        var heads = LaneHeads()
        var committed: [String: Int64] = [:]
        for number in Int64(1)...300 {
            var model = committed
            let transaction = heads.mark
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                var part = model
                let savepoint = heads.mark
                for step in 0..<Int64.random(in: 1...3, using: &random) {
                    let lane = Lane(name: "\(Int.random(in: 0..<5, using: &random))")
                    heads.set(lane, to: number * 10 + step)
                    part[lane.name] = number * 10 + step
                }
                if Bool.random(using: &random) { model = part } else { heads.rollBack(to: savepoint) }
            }
            if Bool.random(using: &random) {
                heads.commit()
                committed = model
            } else {
                heads.rollBack(to: transaction)
            }
            for lane in 0..<5 {
                let known = heads[Lane(name: "\(lane)")].flatMap { $0 }
                #expect(known == committed["\(lane)"])
            }
        }
    }

    @Test func `it forgets rather than grow, but only at a commit`() {
        var heads = LaneHeads(limit: 3)
        for lane in 0..<5 { heads.set(Lane(name: "\(lane)"), to: Int64(lane)) }
        #expect(heads[Lane(name: "0")] == .some(0))
        heads.commit()
        #expect(heads[Lane(name: "0")] == nil)
    }
}
