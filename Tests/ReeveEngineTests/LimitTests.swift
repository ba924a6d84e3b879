import Testing

@testable import ReeveEngine

/// A manifold's own limits, given at its installation or later.
@Suite struct LimitTests {
    private static let slowly = BackoffPolicy(delay: .seconds(100), factor: 3, maximum: .zero, resetAfter: .seconds(5))

    @Test func `a manifold's own back-off counts in place of the engine's`() throws {
        var driver = try MachineDriver()
        try driver.install(.make("a", limits: .init(backoff: Self.slowly)), .needing("b"))
        for seconds in [100, 300, 900] {
            driver.fail("a")
            let wait = try driver.deadline()
            #expect(Duration.seconds(seconds).spread.contains(wait))
        }
        driver.pass(.seconds(5))
        driver.fail("a")
        let anew = try driver.deadline()
        #expect(Duration.seconds(100).spread.contains(anew))
        driver.fail("b")
        let others = try driver.deadline()
        #expect(Duration.seconds(3).spread.contains(others))
    }

    @Test func `new limits stop and bounce nothing, and count from the next failure on`() throws {
        var driver = try MachineDriver()
        try driver.install(.needing("a"), .needing("b", "a"))
        driver.fail("a")
        driver.pass(.seconds(1))
        let due = driver.report["a"]?.retryIn
        try driver.request { try $0.setLimits(.init(backoff: Self.slowly), of: "a", at: $1) }
        #expect(driver.report["a"]?.retryIn == due)
        driver.passToDeadline()
        try driver.request { try $0.setLimits(.init(backoff: Self.slowly), of: "b", at: $1) }
        #expect(driver.stops == ["b"])
        #expect(driver.report.areStarted(["a", "b"]))
        driver.fail("a")
        // The second failure in a row, by the new policy.
        let wait = try driver.deadline()
        #expect(Duration.seconds(300).spread.contains(wait))
    }

    @Test func `a new start limit counts from the next start on, and the report says which one was passed`() throws {
        var driver = try MachineDriver(isObliging: false)
        try driver.install(.make("a", limits: .init(start: .seconds(10))))
        try driver.request { try $0.setLimits(.init(start: .seconds(2)), of: "a", at: $1) }
        #expect(driver.passToDeadline() == .seconds(10))
        #expect(driver.report["a"]?.error?.contains("10000 ms") == true)
        driver.fail("a", "cancelled")
        driver.passToDeadline()
        #expect(driver.passToDeadline() == .seconds(2))
        #expect(driver.report["a"]?.error?.contains("2000 ms") == true)
    }

    @Test func `a new stop limit counts from the next stop on`() throws {
        var driver = try MachineDriver(isObliging: false)
        try driver.install(.needing("a"))
        driver.succeed("a")
        try driver.request { try $0.setLimits(.init(stop: .seconds(2)), of: "a", at: $1) }
        driver.shutdown()
        #expect(driver.passToDeadline() == .seconds(2))
        #expect(driver.left == ["a"])
    }

    @Test func `a new limit of failures takes the earlier ones into account`() throws {
        var driver = try MachineDriver()
        let lenient = FailureLimit(count: 9, window: .seconds(600))
        try driver.install(.make("a", limits: .init(failures: lenient)))
        for _ in 0..<3 {
            driver.fail("a")
            driver.passToDeadline()
        }
        let strict = FailureLimit(count: 2, window: .seconds(600))
        try driver.request { try $0.setLimits(.init(failures: strict), of: "a", at: $1) }
        #expect(driver.state("a") == .started)
        driver.fail("a")
        #expect(driver.state("a") == .failed)
    }

    @Test func `without a start limit a start may take for ever`() throws {
        var driver = try MachineDriver(MachineDriver.rules { $0.startLimit = nil }, isObliging: false)
        try driver.install(.needing("a"))
        #expect(driver.machine.nextDeadline == nil)
        driver.pass(.seconds(86_400 * 365))
        #expect(driver.told.isEmpty)
        driver.succeed("a")
        #expect(driver.state("a") == .started)
    }

    @Test(arguments: [
        ("start", ManifoldLimits(start: .seconds(-1))), ("stop", ManifoldLimits(stop: .seconds(-1))),
        ("failures.count", ManifoldLimits(failures: FailureLimit(count: 0, window: .zero))),
        ("failures.window", ManifoldLimits(failures: FailureLimit(count: 1, window: .seconds(-1)))),
        ("backoff.delay", ManifoldLimits(backoff: BackoffPolicy(delay: .seconds(-1)))),
        ("backoff.factor", ManifoldLimits(backoff: BackoffPolicy(factor: 0.5))),
        ("backoff.maximum", ManifoldLimits(backoff: BackoffPolicy(maximum: .seconds(-1)))),
        ("backoff.resetAfter", ManifoldLimits(backoff: BackoffPolicy(resetAfter: .seconds(-1)))),
    ])
    func `limits that cannot be are refused by the name of the field`(field: String, limits: ManifoldLimits) throws {
        var driver = try MachineDriver()
        try driver.install(.needing("a"))
        let requests: [(inout EngineMachine, Duration) throws -> Void] = [
            { try $0.install([.make("b", limits: limits)], at: $1) }, { try $0.setLimits(limits, of: "a", at: $1) },
        ]
        for request in requests {
            do {
                try driver.request(request)
                Issue.record("\(field) was accepted")
            } catch let error as EngineError {
                #expect(error.code == .invalidManifold)
                #expect(error.message.contains(field))
            }
        }
        #expect(driver.report.manifolds.map(\.name) == ["a"])
        driver.fail("a")
        let wait = try driver.deadline()
        #expect(Duration.seconds(3).spread.contains(wait))
    }

    @Test func `nobody of that name has limits, and nothing changes once the engine stops`() throws {
        var driver = try MachineDriver()
        try driver.install(.needing("a"))
        #expect(throws: EngineError.self) { try driver.request { try $0.setLimits(.init(), of: "b", at: $1) } }
        driver.shutdown()
        #expect(throws: EngineError.self) { try driver.request { try $0.setLimits(.init(), of: "a", at: $1) } }
    }
}
