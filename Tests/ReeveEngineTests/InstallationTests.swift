import Testing

@testable import ReeveEngine

@Suite struct InstallationTests {
    private func code(_ body: () throws -> Void) -> EngineError.Code? {
        do {
            try body()
            return nil
        } catch {
            return (error as? EngineError)?.code
        }
    }

    @Test func `E2: what needs nothing starts at once`() throws {
        var driver = try MachineDriver()
        try driver.install(.needing("a"))
        #expect(driver.starts.map(\.name) == ["a"])
        #expect(driver.starts.first?.time == .zero)
        #expect(driver.machine.nextDeadline == nil)
    }

    @Test func `E3: a later installation leaves the others alone`() throws {
        var driver = try MachineDriver()
        try driver.install(.needing("a"))
        try driver.install(.needing("b"))
        #expect(driver.starts.map(\.name) == ["a", "b"])
    }

    @Test func `E4: a name is installed once`() throws {
        var driver = try MachineDriver()
        try driver.install(.needing("a"))
        #expect(code { try driver.install(.needing("a")) } == .duplicate)
        #expect(driver.count("a") == 1)
        #expect(driver.state("a") == .started)
    }

    @Test func `a resource is offered once`() throws {
        var driver = try MachineDriver()
        try driver.install(.needing("a"))
        let other = ManifoldDeclaration(name: "b", outputs: [Resource<Int>("a").declaration])
        #expect(code { try driver.install(other) } == .duplicate)
        #expect(driver.state("b") == nil)
    }

    @Test func `E7: a manifold cannot need itself`() throws {
        var driver = try MachineDriver()
        #expect(code { try driver.install(.needing("a", "a")) } == .cycle)
        #expect(driver.report.manifolds.isEmpty)
    }

    @Test func `E8: the last member of a cycle is refused, and the members are named`() throws {
        var driver = try MachineDriver()
        try driver.install(.needing("a", "b"), .using("b", "c"))
        do {
            try driver.install(.make("c", [.live(Resource<Int>("a"))]))
            Issue.record("a cycle was accepted")
        } catch let error as EngineError {
            #expect(error.code == .cycle)
            for name in ["a", "b", "c"] { #expect(error.message.contains(name)) }
        }
        try driver.install(.needing("c"))
        driver.pass(.seconds(1))
        #expect(driver.report.areStarted(["a", "b", "c"]))
    }

    @Test func `E9: a tangled lattice is no cycle until a root needs a leaf`() throws {
        let lattice: [ManifoldDeclaration] = [
            .needing("leaf1", "mid1"), .needing("leaf2", "mid1", "mid2"), .needing("leaf3", "mid2", "root1"),
            .needing("mid1", "root1", "root2"), .needing("mid2", "root1", "root2"), .needing("root2"),
        ]
        var driver = try MachineDriver()
        try driver.machine.install(lattice + [.needing("root1")], at: .zero)
        var other = try MachineDriver()
        #expect(code { try other.machine.install(lattice + [.needing("root1", "leaf1")], at: .zero) } == .cycle)
        #expect(other.report.manifolds.isEmpty)
    }

    @Test func `E10: an empty group and inputs that nobody offers are fine`() throws {
        var driver = try MachineDriver()
        try driver.machine.install([], at: .zero)
        try driver.install(.needing("b", "nowhere"))
        #expect(driver.state("b") == .stopped)
        #expect(driver.report["b"]?.waitingFor == ["nowhere"])
    }

    @Test func `a chain of ten thousand is checked, started and stopped`() throws {
        var driver = try MachineDriver()
        let chain = (0..<10_000).map { number in
            number == 0 ? ManifoldDeclaration.needing("m0") : .needing("m\(number)", "m\(number - 1)")
        }
        try driver.machine.install(chain, at: .zero)
        try driver.request { _, _ in }
        #expect(driver.running.count == 10_000)
        driver.shutdown()
        #expect(driver.left == [])
        #expect(driver.stops.first == "m9999")
        #expect(driver.stops.last == "m0")
    }

    @Test func `E11: a group is installed as one or not at all`() throws {
        var driver = try MachineDriver()
        try driver.install(.needing("y"))
        #expect(code { try driver.install(.needing("x"), .needing("y"), .needing("z")) } == .duplicate)
        #expect(driver.report.manifolds.map(\.name) == ["y"])
    }

    @Test func `E12: nothing is installed once the engine stops`() throws {
        var driver = try MachineDriver()
        driver.shutdown()
        #expect(code { try driver.install(.needing("a")) } == .stopping)
        #expect(driver.starts.isEmpty)
    }

    @Test func `E13: an input declared twice is one`() throws {
        var driver = try MachineDriver()
        try driver.install(.needing("b", "p", "p"), .needing("p"))
        #expect(driver.count("b") == 1)
        try driver.install(.using("d", "q", "q"))
        driver.end("d", .missing("q"))
        try driver.install(.needing("q"))
        #expect(driver.passToDeadline() == .seconds(1))
        driver.pass(.seconds(600))
        #expect(driver.count("d") == 2)
        let both = ManifoldDeclaration.make("c", [.required(Resource<Int>("p")), .live(Resource<Int>("p"))])
        #expect(code { try driver.install(both) } == .invalidManifold)
    }

    @Test(arguments: [true, false])
    func `a wrong type is refused whoever comes first`(userFirst: Bool) throws {
        let user = ManifoldDeclaration.make("user", [.required(Resource<String>("store"))])
        let store = ManifoldDeclaration.needing("store")
        var driver = try MachineDriver()
        try driver.install(userFirst ? user : store)
        do {
            try driver.install(userFirst ? store : user)
            Issue.record("a wrong type was accepted")
        } catch let error as EngineError {
            #expect(error.code == .wrongType)
            for part in ["user", "store", "Swift.Int", "Swift.String"] { #expect(error.message.contains(part)) }
        }
    }

    @Test func `E52: configurations that cannot be are refused by the name of the field`() {
        let cases: [(String, (inout EngineConfiguration) -> Void)] = [
            ("backoff.delay", { $0.backoff.delay = .seconds(-1) }),
            ("backoff.factor", { $0.backoff.factor = 0.9 }), ("backoff.factor", { $0.backoff.factor = .nan }),
            ("backoff.maximum", { $0.backoff.maximum = .seconds(-1) }),
            ("backoff.resetAfter", { $0.backoff.resetAfter = .seconds(-1) }),
            ("bounceDelay", { $0.bounceDelay = .seconds(-1) }), ("startLimit", { $0.startLimit = .seconds(-1) }),
            ("stopLimit", { $0.stopLimit = .seconds(-1) }), ("shutdownLimit", { $0.shutdownLimit = .seconds(-1) }),
            ("reportLimit", { $0.reportLimit = .seconds(-1) }),
            ("failureLimit.count", { $0.failureLimit = FailureLimit(count: 0, window: .zero) }),
            ("failureLimit.window", { $0.failureLimit = FailureLimit(count: 1, window: .seconds(-1)) }),
        ]
        for (field, change) in cases {
            do {
                _ = try MachineDriver(MachineDriver.rules(change))
                Issue.record("\(field) was accepted")
            } catch {
                #expect("\(error)".contains(field))
            }
        }
    }
}
