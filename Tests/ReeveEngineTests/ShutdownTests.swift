import Testing

@testable import ReeveEngine

@Suite struct ShutdownTests {
    @Test func `E60: dependents end before their inputs, whatever the kind of input`() throws {
        var driver = try MachineDriver(isObliging: false)
        try driver.install(
            .needing("store"),
            .needing("runner", "store"),
            .make("submitter", [.optional(Resource<Int>("runner")), .required(Resource<Int>("store"))]),
            .make("socket", [.live(Resource<Int>("submitter"))])
        )
        for name in ["store", "runner", "submitter", "socket"] { driver.succeed(name) }
        driver.shutdown()
        var order: [String] = []
        while let next = driver.told.first {
            #expect(driver.told.count == 1)
            order.append(next)
            driver.pass(.seconds(1))
            driver.end(next)
        }
        #expect(order == ["socket", "submitter", "runner", "store"])
        #expect(driver.left == [])
        #expect(driver.report.state == .stopped)
    }

    @Test func `E58: it waits for a slow worker, and reports so`() throws {
        var driver = try MachineDriver(isObliging: false)
        try driver.install(.needing("a"), .needing("b", "a"))
        driver.succeed("a")
        driver.succeed("b")
        driver.shutdown()
        driver.pass(.milliseconds(300))
        #expect(driver.left == nil)
        #expect(driver.report.state == .stopping)
        #expect(driver.state("b") == .stopping)
        #expect(driver.report["a"]?.waitingFor == ["b"])
    }

    @Test func `E59: a worker that comes after the stop is ended and not counted`() throws {
        var driver = try MachineDriver(isObliging: false)
        try driver.install(.needing("a"))
        driver.shutdown()
        driver.pass(.milliseconds(100))
        driver.succeed("a")
        #expect(driver.left == [])
        #expect(driver.report["a"]?.starts == 0)
    }

    @Test func `E61: what is over its stop limit is left behind and named, and its inputs are stopped`() throws {
        var driver = try MachineDriver(isObliging: false)
        try driver.install(
            .needing("a"),
            .make("b", [.required(Resource<Int>("a"))], limits: .init(stop: .seconds(5)))
        )
        driver.succeed("a")
        driver.succeed("b")
        driver.shutdown()
        #expect(driver.passToDeadline() == .seconds(5))
        #expect(driver.cancelled == ["b"])
        #expect(driver.report["b"]?.isOverdue == true)
        #expect(driver.told == ["b", "a"])
        driver.end("a")
        #expect(driver.left == ["b"])
    }

    @Test func `E61: the deadline ends it, and those not yet asked are told`() throws {
        var driver = try MachineDriver(isObliging: false)
        try driver.install(.needing("a"), .needing("b", "a"))
        driver.succeed("a")
        driver.succeed("b")
        driver.shutdown(within: .seconds(2))
        driver.pass(.seconds(1))
        driver.shutdown(within: .seconds(3))
        #expect(driver.passToDeadline() == .seconds(3))
        #expect(driver.told == ["b", "a"])
        #expect(driver.left == ["a", "b"])
        #expect(driver.report.state == .stopped)
        driver.end("b")
        #expect(driver.starts.count == 2)
    }

    @Test func `E63: what waits for its next try does not start any more, and its error stays`() throws {
        var driver = try MachineDriver(isObliging: false)
        try driver.install(.needing("a"), .using("b", "a"))
        driver.fail("a", "the disk is full")
        driver.end("b", .missing("a is not running"))
        driver.shutdown()
        driver.pass(.seconds(600))
        #expect(driver.left == [])
        #expect(driver.starts.count == 2)
        #expect(driver.report["a"]?.error == "the disk is full")
        #expect(driver.report["b"]?.error == "a is not running")
        #expect(driver.report["b"]?.starts == 0)
    }

    @Test func `E53, E55: a fatal error stops everything, also from one that is being bounced`() throws {
        var driver = try MachineDriver(isObliging: false)
        try driver.install(.needing("a"), .needing("b", "a"), .needing("c"))
        for name in ["a", "b", "c"] { driver.succeed(name) }
        driver.fail("a")
        driver.end("b", .fatal("F"))
        #expect(driver.report.error == "F")
        driver.end("c")
        #expect(driver.left == [])
        driver.pass(.seconds(600))
        #expect(driver.starts.count == 3)
    }

    @Test func `a start that never ends harms only itself`() throws {
        var driver = try MachineDriver(MachineDriver.rules { $0.startLimit = .seconds(10) }, isObliging: false)
        try driver.install(.needing("a"), .needing("b", "a"), .needing("c"))
        driver.succeed("c")
        #expect(driver.passToDeadline() == .seconds(10))
        #expect(driver.told == ["a"])
        #expect(driver.report["a"]?.error?.contains("10000 ms") == true)
        driver.pass(.seconds(600))
        // It has not ended, so it is not started beside itself.
        #expect(driver.count("a") == 1)
        #expect(driver.report["a"]?.isOverdue == true)
        #expect(driver.state("c") == .started)
        driver.fail("a", "cancelled")
        let waited = try driver.deadline()
        #expect(Duration.seconds(3).spread.contains(waited))
        driver.succeed("a")
        #expect(driver.starting["b"] != nil)
    }
}
