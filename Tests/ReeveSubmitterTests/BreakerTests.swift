import ReeveProtocol
import Testing

@testable import ReeveSubmitter

struct BreakerTests {
    private func lanes(_ count: Int) -> [Lane] { (1...count).map { Lane.task("t\($0)") } }

    @Test func `an endpoint that is down for several lanes is tried by one of them`() {
        var driver = MachineDriver()
        for lane in lanes(10) { driver.append(lane, failed) }
        for lane in lanes(10) { driver.fail(lane) }
        #expect(driver.told == [.opened(reason: "500: broken")])
        for _ in 1...20 {
            driver.pass(to: driver.now + .seconds(36))
            #expect(driver.inFlight.count == 1)
            for lane in driver.inFlight.keys { driver.fail(lane) }
        }
        // Each lane has its turn, so that one bad change does not keep the endpoint down.
        #expect(Set(driver.sent.suffix(20)).count == 10)
        #expect(driver.told.count == 1)
    }

    @Test func `once it answers again the requests at once grow from one`() {
        var driver = MachineDriver()
        for lane in lanes(20) { driver.append(lane, failed) }
        while !driver.inFlight.isEmpty { for lane in driver.inFlight.keys { driver.fail(lane) } }
        driver.pass(to: .seconds(2))
        var waves: [Int] = []
        while !driver.inFlight.isEmpty {
            waves.append(driver.inFlight.count)
            for lane in driver.inFlight.keys { driver.answer(lane) }
        }
        #expect(driver.told == [.opened(reason: "500: broken"), .closed])
        #expect(waves.reduce(0, +) == 20)
        #expect(waves.prefix(4) == [1, 1, 2, 4])
        #expect(waves.allSatisfy { $0 <= 10 })
    }

    @Test func `one bad lane does not close the endpoint for the others`() {
        var driver = MachineDriver()
        let bad = Lane.task("bad")
        driver.append(bad, failed)
        for number in 1...50 {
            if driver.inFlight[bad] != nil { driver.fail(bad) }
            driver.append(.task("t\(number)"), failed)
            driver.answer(.task("t\(number)"))
            driver.pass(to: driver.now + .seconds(40))
        }
        #expect(driver.told.isEmpty)
        #expect(driver.machine.counts.delivered == 50)
    }

    @Test func `a lane alone backs off as it would without`() {
        var driver = MachineDriver { $0.retry = RetryDefinition(delay: .seconds(1), factor: 2, maximum: .seconds(60)) }
        driver.append(.task("a"), failed)
        var last = Duration.zero
        for exponent in 0..<10 {
            driver.fail(.task("a"))
            let wait = Duration.seconds(min(60, 1 << exponent))
            driver.pass(to: last + wait - .milliseconds(1))
            #expect(driver.inFlight.isEmpty)
            while driver.inFlight.isEmpty, driver.now < last + wait * 1.2 {
                driver.pass(to: driver.now + .milliseconds(10))
            }
            #expect(driver.inFlight.count == 1)
            last = driver.now
        }
    }
}

struct DeadlinesTests {
    @Test func `come out in the order of time`() {
        var random = SplitMix(seed: 3)
        var deadlines = Deadlines()
        let times = (0..<500).map { _ in Duration.milliseconds(Int.random(in: 0..<1000, using: &random)) }
        for time in times { deadlines.insert(Deadlines.Entry(time: time, lane: .agent, mark: 0)) }
        var taken: [Duration] = []
        while let entry = deadlines.removeFirst() { taken.append(entry.time) }
        #expect(taken == times.sorted())
    }
}
