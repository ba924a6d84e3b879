import Testing

@testable import ReeveEngine

/// What the coming and going of inputs does to those who use them.
@Suite struct InputTests {
    @Test func `E5: what needs an absent input is not tried`() throws {
        var driver = try MachineDriver()
        try driver.install(.needing("b", "a"))
        driver.pass(.seconds(600))
        #expect(driver.starts.isEmpty)
        #expect(driver.report["b"]?.waitingFor == ["a"])
        try driver.install(.needing("a"))
        #expect(driver.starts.map(\.name) == ["a", "b"])
    }

    @Test func `E5, E6: an optional input is missed without a timed retry, and tried once when it comes`() throws {
        var driver = try MachineDriver(isObliging: false)
        try driver.install(.using("b", "a"))
        driver.end("b", .missing("a is not running"))
        driver.pass(.seconds(600))
        #expect(driver.count("b") == 1)
        #expect(driver.report["b"]?.error == "a is not running")
        #expect(driver.report["b"]?.rest == .missing)
        try driver.install(.needing("a"))
        driver.succeed("a")
        #expect(driver.passToDeadline() == .seconds(1))
        driver.succeed("b")
        #expect(driver.count("a") == 1)
        #expect(driver.count("b") == 2)
        #expect(driver.report["b"]?.starts == 1)
    }

    @Test func `E20, E22: a dead input stops its dependents at once and starts them once`() throws {
        var driver = try MachineDriver()
        try driver.install(.needing("a"), .needing("b", "a"), .needing("c", "b"))
        driver.fail("a")
        #expect(driver.stops == ["b", "c"])
        #expect(driver.running.isEmpty)
        let waited = try driver.deadline()
        #expect(Duration.seconds(3).spread.contains(waited))
        driver.pass(.seconds(600))
        for name in ["a", "b", "c"] { #expect(driver.count(name) == 2) }
    }

    @Test func `who fails of a dying input before the engine hears of that is not to blame`() throws {
        var driver = try MachineDriver(isObliging: false)
        try driver.install(.needing("a"), .needing("b", "a"))
        driver.succeed("a")
        driver.succeed("b")
        driver.fail("b", "a is closed")
        driver.fail("a", "the disk is gone")
        #expect(driver.report["b"]?.failures == 0)
        #expect(driver.report["b"]?.error == "a is closed")
        #expect(driver.report["b"]?.waitingFor == ["a"])
        driver.passToDeadline()
        driver.succeed("a")
        driver.succeed("b")
        #expect(driver.count("b") == 2)
        driver.fail("b")
        let wait = try driver.deadline()
        #expect(Duration.seconds(3).spread.contains(wait))
    }

    @Test func `E21: a dead dependent leaves its input alone`() throws {
        var driver = try MachineDriver()
        try driver.install(.needing("a"), .needing("b", "a"))
        driver.fail("b")
        let waited = try driver.deadline()
        #expect(Duration.seconds(3).spread.contains(waited))
        #expect(driver.count("b") == 2)
        #expect(driver.count("a") == 1)
    }

    @Test func `E23, E24: a completed worker rests until its input has changed`() throws {
        var driver = try MachineDriver()
        try driver.install(.needing("a"), .needing("b", "a"))
        driver.end("b")
        driver.pass(.seconds(600))
        let report = try #require(driver.report["b"])
        #expect(report.state == .stopped && report.rest == .completed && report.error == nil && report.starts == 1)
        driver.fail("a")
        driver.pass(.seconds(10))
        #expect(driver.count("b") == 2)
    }

    @Test func `E25: what always misses something is tried at most twice for a restart of its input`() throws {
        var driver = try MachineDriver(isObliging: false)
        try driver.install(.needing("a"), .using("b", "a"))
        driver.succeed("a")
        driver.end("b", .missing("sense"))
        driver.pass(.seconds(5))
        driver.end("b", .missing("sense"))
        let before = driver.count("b")
        driver.fail("a")
        for _ in 0..<10 {
            driver.pass(.seconds(1))
            driver.end("b", .missing("sense"))
            driver.succeed("a")
        }
        #expect((1...2).contains(driver.count("b") - before))
        let again = driver.count("b")
        driver.end("a")
        for _ in 0..<10 {
            driver.pass(.seconds(1))
            driver.end("b", .missing("sense"))
        }
        #expect(driver.count("b") - again == 1)
    }

    @Test func `E19, E36: an optional input that comes during a start cancels it, and the next start sees it`() throws {
        var driver = try MachineDriver(isObliging: false)
        try driver.install(.using("b", "a"))
        try driver.install(.needing("a"))
        driver.succeed("a")
        #expect(driver.told == ["b"])
        driver.fail("b", "cancelled")
        #expect(driver.report["b"]?.failures == 0)
        #expect(driver.passToDeadline() == .seconds(1))
        driver.succeed("b")
        driver.pass(.seconds(600))
        #expect(driver.count("b") == 2)
    }

    @Test func `E37: an input change cuts an error wait short`() throws {
        var driver = try MachineDriver(isObliging: false)
        try driver.install(.using("b", "a"))
        driver.fail("b")
        driver.pass(.seconds(1))
        try driver.install(.needing("a"))
        driver.succeed("a")
        #expect(driver.passToDeadline() == .seconds(1))
        #expect(driver.count("b") == 2)
        #expect(driver.now == .seconds(2))
    }

    @Test func `E38: several changes within the bounce delay are one bounce, counted from the last`() throws {
        var driver = try MachineDriver()
        try driver.install(.using("task1", "t2", "t3"))
        driver.end("task1", .missing("t2 and t3"))
        try driver.install(.needing("t2"))
        driver.pass(.milliseconds(500))
        try driver.install(.needing("t3"))
        driver.pass(.milliseconds(999))
        #expect(driver.count("task1") == 1)
        driver.pass(.milliseconds(1))
        #expect(driver.count("task1") == 2)
        driver.pass(.seconds(600))
        #expect(driver.count("task1") == 2)
    }

    @Test(arguments: [Input.live(Resource<Int>("a")), .optional(Resource<Int>("a"))])
    func `live and quiet inputs never bounce`(input: Input) throws {
        var driver = try MachineDriver()
        try driver.install(.make("b", [input]))
        try driver.install(.needing("a"))
        driver.fail("a")
        driver.pass(.seconds(600))
        #expect(driver.count("a") == 2)
        #expect(driver.count("b") == 1)
        #expect(driver.stops.isEmpty)
    }

    @Test func `who wants something that bounces without it does not hold up its stop`() throws {
        var driver = try MachineDriver(isObliging: false)
        try driver.install(.needing("a"), .using("b", "a"), .using("c", "a"))
        driver.succeed("a")
        for name in ["b", "c"] { driver.end(name) }
        driver.pass(.seconds(1))
        for name in ["b", "c"] { driver.succeed(name) }
        try driver.request { try $0.restart("a", at: $1) }
        #expect(driver.told == ["b", "c"])
        driver.end("b")
        driver.pass(.seconds(2))
        // b runs again, without a, while c has not ended yet.
        driver.succeed("b")
        #expect(driver.told == ["c"])
        driver.end("c")
        #expect(driver.told == ["a"])
    }
}
