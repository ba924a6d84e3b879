import Testing

@testable import ReeveEngine

/// What can be asked of the engine from outside, and what workers ask of it.
@Suite struct RequestTests {
    @Test func `a restart stops dependents first and starts each once`() throws {
        var driver = try MachineDriver()
        try driver.install(.needing("a"), .needing("b", "a"), .needing("c", "b"))
        try driver.request { try $0.restart("a", at: $1) }
        #expect(driver.stops == ["c", "b", "a"])
        #expect(driver.passToDeadline() == .seconds(1))
        driver.pass(.seconds(600))
        #expect(driver.starts.map(\.name) == ["a", "b", "c", "a", "b", "c"])
    }

    @Test func `what was stopped by hand stays so until it is started by hand`() throws {
        var driver = try MachineDriver()
        try driver.install(.needing("p"), .needing("a", "p"), .needing("b", "a"))
        try driver.request { try $0.stop("a", at: $1) }
        #expect(driver.stops == ["b", "a"])
        driver.fail("p")
        driver.pass(.seconds(600))
        #expect(driver.report["a"]?.rest == .stoppedByHand)
        #expect(driver.report["b"]?.waitingFor == ["a"])
        #expect(driver.count("a") == 1)
        try driver.request { try $0.start("a", at: $1) }
        #expect(driver.count("a") == 2)
        #expect(driver.count("b") == 2)
    }

    @Test func `a stop by hand works during a start, and during a wait`() throws {
        var driver = try MachineDriver(isObliging: false)
        try driver.install(.needing("a"), .needing("b"))
        driver.fail("b")
        try driver.request { machine, now in
            try machine.stop("a", at: now)
            try machine.stop("b", at: now)
        }
        #expect(driver.told == ["a"])
        driver.succeed("a")
        driver.pass(.seconds(600))
        #expect(driver.running.isEmpty && driver.starting.isEmpty)
        #expect(driver.report["a"]?.starts == 0)
    }

    @Test func `a restart of a start begins it anew, and of what waits or rests starts it`() throws {
        var driver = try MachineDriver(isObliging: false)
        try driver.install(.needing("a"))
        try driver.request { try $0.restart("a", at: $1) }
        #expect(driver.told == ["a"])
        driver.fail("a", "cancelled")
        #expect(driver.passToDeadline() == .seconds(1))
        driver.fail("a")
        try driver.request { try $0.restart("a", at: $1) }
        #expect(driver.count("a") == 3)
        driver.succeed("a")
        driver.end("a")
        try driver.request { try $0.restart("a", at: $1) }
        #expect(driver.count("a") == 4)
        #expect(driver.told.isEmpty)
    }

    @Test func `a start by hand does not wait for the next try`() throws {
        var driver = try MachineDriver(isObliging: false)
        try driver.install(.needing("a"))
        driver.fail("a")
        try driver.request { try $0.start("a", at: $1) }
        #expect(driver.starts.map(\.time) == [.zero, .zero])
    }

    @Test func `E39: a worker that was stopped while it started is not counted and starts again`() throws {
        var driver = try MachineDriver(isObliging: false)
        try driver.install(.needing("a"), .needing("b", "a"), .needing("c", "b"))
        driver.succeed("a")
        driver.fail("a")
        #expect(driver.told == ["b"])
        driver.succeed("b")
        #expect(driver.report["b"]?.starts == 0)
        // Who needs it hears nothing of that.
        #expect(driver.count("c") == 0 && !driver.transitions.contains { $0.manifold == "c" && $0.state != .stopped })
        #expect(!driver.transitions.contains { $0.manifold == "b" && $0.state == .started })
        driver.passToDeadline()
        driver.succeed("a")
        driver.succeed("b")
        #expect(driver.report["b"]?.starts == 1)
    }

    @Test func `too many failures in the window give it up, and a person or an input releases it`() throws {
        var driver = try MachineDriver(
            MachineDriver.rules { $0.failureLimit = FailureLimit(count: 3, window: .seconds(60)) },
            isObliging: false
        )
        try driver.install(.needing("p"), .needing("a", "p"))
        driver.succeed("p")
        func failThrice() {
            for _ in 0..<3 {
                driver.fail("a", "no port")
                driver.pass(.seconds(15))
            }
        }
        failThrice()
        #expect(driver.state("a") == .failed)
        #expect(driver.report["a"]?.error == "no port")
        driver.pass(.seconds(600))
        #expect(driver.count("a") == 3)
        try driver.request { try $0.restart("a", at: $1) }
        #expect(driver.state("a") == .starting)
        failThrice()
        #expect(driver.state("a") == .failed)
        driver.fail("p")
        driver.pass(.seconds(15))
        driver.succeed("p")
        #expect(driver.state("a") == .starting)
    }

    @Test func `failures far apart do not give it up`() throws {
        var driver = try MachineDriver(
            MachineDriver.rules { $0.failureLimit = FailureLimit(count: 2, window: .seconds(60)) }
        )
        try driver.install(.needing("a"))
        for _ in 0..<10 {
            driver.pass(.seconds(61))
            driver.fail("a")
            driver.passToDeadline()
        }
        #expect(driver.state("a") == .started)
    }

    @Test func `E28, E29: what uninstalls itself is gone, and may be installed anew`() throws {
        var driver = try MachineDriver()
        try driver.install(.needing("a"), .using("b", "a"))
        driver.pass(.seconds(2))
        let before = driver.count("b")
        driver.end("a", .uninstalled)
        driver.pass(.seconds(600))
        #expect(driver.report["a"] == nil)
        #expect(driver.count("a") == 1)
        #expect(driver.count("b") == before + 1)
        #expect(driver.report["b"]?.inputs.map(\.resource) == ["a"])
        try driver.install(.needing("a"))
        driver.pass(.seconds(2))
        #expect(driver.count("a") == 2)
        #expect(driver.count("b") == before + 2)
    }

    @Test func `E30: a start that uninstalls tells nobody`() throws {
        var driver = try MachineDriver(isObliging: false)
        try driver.install(.needing("a"), .using("b", "a"))
        driver.succeed("b")
        driver.end("a", .uninstalled)
        #expect(driver.report["a"] == nil)
        driver.pass(.seconds(600))
        #expect(driver.count("b") == 1)
    }

    @Test func `E31: a wish to be uninstalled is granted also when it answers a bounce`() throws {
        var driver = try MachineDriver(isObliging: false)
        try driver.install(.needing("a"), .needing("b", "a"))
        driver.succeed("a")
        driver.succeed("b")
        driver.fail("a")
        driver.end("b", .uninstalled)
        driver.pass(.seconds(10))
        driver.succeed("a")
        #expect(driver.report["b"] == nil)
        #expect(driver.count("b") == 1)
    }

    @Test func `a group is removed as one, dependents first`() throws {
        var driver = try MachineDriver()
        try driver.install(.needing("a"), .needing("b", "a"), .needing("c", "b"))
        #expect(throws: EngineError.self) { try driver.remove("a", "nobody") }
        #expect(driver.stops.isEmpty)
        try driver.remove("a", "b")
        #expect(driver.stops == ["c", "b", "a"])
        #expect(driver.report.manifolds.map(\.name) == ["c"])
        #expect(driver.report["c"]?.waitingFor == ["b"])
        try driver.install(.needing("a"), .needing("b", "a"))
        #expect(driver.report.areStarted(["a", "b", "c"]))
    }

    @Test(arguments: ["stop", "start", "restart"])
    func `nobody of that name is an error`(request: String) throws {
        var driver = try MachineDriver()
        #expect(throws: EngineError.self) {
            try driver.request { machine, now in
                switch request {
                case "stop": try machine.stop("nobody", at: now)
                case "start": try machine.start("nobody", at: now)
                default: try machine.restart("nobody", at: now)
                }
            }
        }
    }
}
