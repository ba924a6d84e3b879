import ReeveProtocol
import ReeveStore
import Testing

@testable import ReeveSubmitter

struct LaggardTests {
    private let stuck = Lane.task("stuck")

    private var limits: SubmitterLimits {
        var limits = SubmitterLimits()
        limits.window = 8
        limits.page = 4
        limits.laggards = 2
        return limits
    }

    @Test func `one stuck lane keeps neither the cursor nor the others`() {
        var driver = MachineDriver(limits: limits)
        driver.append(stuck, failed)
        driver.fail(stuck)
        for number in 1...100 {
            let lane = Lane.task("t\(number % 3)")
            driver.append(lane, failed)
            driver.append(stuck, failed)
            driver.answer(lane)
        }
        // Since the clock has not moved, the stuck lane was not tried again.
        #expect(driver.sent.count == 101)
        #expect(driver.journal.cursor == 2010)
        #expect(driver.journal.positions == [stuck: 0])
        #expect(driver.machine.lanes[stuck]?.items.isEmpty == true)
    }

    @Test func `a laggard catches up in order, and its row goes`() {
        var driver = MachineDriver(limits: limits)
        driver.append(stuck, failed)
        driver.fail(stuck)
        for _ in 1...20 {
            driver.append(.task("t"), failed)
            driver.append(stuck, failed)
            driver.answer(.task("t"))
        }
        driver.pass(to: .seconds(2))
        while driver.inFlight[stuck] != nil { driver.answer(stuck) }
        let own = driver.sent.filter { $0[0] % 20 == 10 }.map { $0[0] }
        #expect(own == [10] + Array(stride(from: 10, through: 410, by: 20)))
        #expect(driver.journal.cursor == 410)
        #expect(driver.journal.positions.isEmpty)
        #expect(driver.machine.lanes.isEmpty)
    }

    @Test func `with too many laggards the endpoint reads no further`() {
        var driver = MachineDriver(limits: limits) { $0.inFlight = 100 }
        for number in 1...4 {
            driver.append(.task("t\(number)"), failed)
            driver.fail(.task("t\(number)"))
        }
        for _ in 1...20 { driver.append(.task("t1"), failed) }
        #expect(driver.machine.laggards == 2)
        #expect(driver.machine.window.count <= 8)
    }

    @Test func `a request that takes long is left behind after a second`() {
        var driver = MachineDriver(limits: limits)
        driver.append(stuck, failed)
        for _ in 1...10 {
            driver.append(.task("t"), failed)
            driver.answer(.task("t"))
        }
        #expect(driver.sent.count == 7)
        driver.pass(to: .seconds(1))
        while driver.inFlight[.task("t")] != nil { driver.answer(.task("t")) }
        #expect(driver.sent.count == 11)
        #expect(driver.journal.positions == [stuck: 0])
        driver.answer(stuck)
        #expect(driver.journal.positions.isEmpty)
        #expect(driver.sent.count == 11)
    }

    @Test func `the next agent goes on from what was written down`() {
        var driver = MachineDriver(limits: limits)
        driver.append(stuck, failed, failed)
        driver.append(.task("ahead"), failed)
        driver.answer(.task("ahead"))
        let (cursor, positions) = (driver.journal.cursor, driver.journal.lanePositions)
        #expect(positions == [.task("ahead"): LanePosition(done: 30)])
        driver.machine = EndpointMachine(driver.machine.settings, cursor: cursor, positions: positions, seed: 2)
        driver.append(.task("ahead"), failed)
        #expect(driver.sent == [[10], [30], [10], [40]])
    }

    @Test func `the window gives up memory by bytes as well`() {
        var limits = SubmitterLimits()
        limits.windowBytes = 10_000
        var driver = MachineDriver(limits: limits) { $0.inFlight = 1 }
        for _ in 1...30 { driver.journal.append(stuck, failed, padding: 1000) }
        driver.tell(.journalGrew)
        #expect(driver.machine.window.weight <= 10_000 + 2000)
        #expect(driver.machine.window.count < 12)
    }
}
