import Testing

@testable import ReeveEngine

@Suite struct BackoffTests {
    /// The waits after each of so many failures of a worker that runs for so long.
    private func waits(
        _ count: Int,
        running: Duration = .zero,
        _ change: (inout EngineConfiguration) -> Void = { _ in }
    ) throws -> [Duration] {
        var driver = try MachineDriver(MachineDriver.rules(change))
        try driver.install(.needing("a"))
        return try (0..<count).map { _ in
            driver.pass(running)
            driver.fail("a")
            return try driver.deadline()
        }
    }

    private func expect(_ waits: [Duration], near expected: [Int], sourceLocation: SourceLocation = #_sourceLocation) {
        #expect(waits.count == expected.count, sourceLocation: sourceLocation)
        for (wait, seconds) in zip(waits, expected) {
            #expect(Duration.seconds(seconds).spread.contains(wait), sourceLocation: sourceLocation)
        }
    }

    @Test func `E42: starts that fail wait longer and longer, up to the cap`() throws {
        var driver = try MachineDriver(
            MachineDriver.rules {
                $0.backoff.delay = .seconds(1)
                $0.backoff.maximum = .seconds(3)
            },
            isObliging: false
        )
        try driver.install(.needing("a"))
        var waits: [Duration] = []
        for _ in 0..<5 {
            driver.fail("a")
            waits.append(try driver.deadline())
        }
        expect(waits, near: [1, 2, 3, 3, 3])
    }

    @Test func `E43: quick deaths wait longer and longer`() throws {
        expect(try waits(8, running: .seconds(1)), near: [3, 6, 12, 24, 48, 96, 120, 120])
    }

    @Test func `E44: only a worker that ran well begins anew`() throws {
        expect(try waits(3, running: .seconds(59)), near: [3, 6, 12])
        expect(try waits(3, running: .seconds(60)), near: [3, 3, 3])
    }

    @Test func `E45: the wait counts from the death`() throws {
        expect(try waits(1, running: .seconds(5)), near: [3])
    }

    @Test func `E46: two hundred failures never wait too little or too long`() throws {
        let waits = try waits(200) {
            $0.backoff.factor = 100
            $0.backoff.maximum = .seconds(60)
        }
        for wait in waits.dropFirst() { #expect((.seconds(54)...Duration.seconds(66)).contains(wait)) }
    }

    @Test func `E47: without a cap a wait is never negative or zero`() throws {
        let waits = try waits(80) { $0.backoff.maximum = .zero }
        for wait in waits { #expect(wait > .seconds(2)) }
        #expect(waits.last! > waits[20])
    }

    @Test func `E48: a factor of zero does not grow`() throws {
        expect(try waits(20) { $0.backoff.factor = 0 }, near: Array(repeating: 3, count: 20))
    }

    @Test func `E49: a clean end forgets the failures before it`() throws {
        var driver = try MachineDriver()
        try driver.install(.needing("a"))
        driver.fail("a")
        driver.passToDeadline()
        driver.fail("a")
        driver.passToDeadline()
        driver.end("a")
        try driver.request { try $0.start("a", at: $1) }
        driver.fail("a")
        expect([try driver.deadline()], near: [3])
    }

    @Test func `E51: waits are spread evenly around what they should be`() {
        var generator = SplitMix64(seed: 1)
        let policy = BackoffPolicy(delay: .seconds(1))
        let waits = (0..<1000).map { _ in policy.wait(failures: 1, using: &generator) }
        for wait in waits { #expect((.milliseconds(900)...Duration.milliseconds(1100)).contains(wait)) }
        #expect(Set(waits).count > 100)
    }

    @Test func `E50: a delay of zero is exactly zero`() throws {
        var generator = SplitMix64(seed: 1)
        #expect(BackoffPolicy(delay: .zero).wait(failures: 9, using: &generator) == .zero)
        var driver = try MachineDriver(MachineDriver.rules { $0.bounceDelay = .zero })
        try driver.install(.needing("a"))
        driver.end("a", .bounced)
        #expect(driver.starts.map(\.time) == [.zero, .zero])
    }

    @Test func `E26, E27: bounces always wait the bounce delay`() throws {
        var driver = try MachineDriver()
        try driver.install(.needing("a"), .needing("b", "a"))
        for _ in 0..<5 {
            driver.end("a", .bounced)
            #expect(driver.passToDeadline() == .seconds(1))
        }
        #expect(driver.count("b") == 6)
        #expect(driver.report["a"]?.failures == 0)
        driver.fail("a")
        expect([try driver.deadline()], near: [3])
    }

    @Test func `an error while being stopped is no failure`() throws {
        var driver = try MachineDriver(isObliging: false)
        try driver.install(.needing("a"), .needing("b", "a"))
        driver.succeed("a")
        driver.succeed("b")
        driver.fail("a")
        driver.fail("b", "its input died under it")
        driver.pass(.seconds(4))
        driver.succeed("a")
        #expect(driver.starting["b"] != nil)
        #expect(driver.report["b"]?.failures == 0)
        #expect(driver.report["b"]?.error == nil)
    }
}
