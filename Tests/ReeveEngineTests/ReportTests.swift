import Testing

@testable import ReeveEngine

@Suite struct ReportTests {
    @Test func `E62: two manifolds, one needing the other`() throws {
        var driver = try MachineDriver()
        driver.now = .seconds(5)
        try driver.install(.needing("a"), .needing("b", "a"))
        driver.pass(.seconds(5))
        let expected: ReportValue = [
            "state": "started",
            "manifolds": [
                "a": ["state": "started", "inputs": [], "starts": 1, "startedAt": .time(1_005_000)],
                "b": [
                    "state": "started", "inputs": [["name": "a", "kind": "required", "present": true]], "starts": 1,
                    "startedAt": .time(1_005_000),
                ],
            ],
        ]
        #expect(driver.report.value == expected)
    }

    @Test func `E64: a wait shows the last error and when the next try is due`() throws {
        var driver = try MachineDriver()
        try driver.install(.needing("a"))
        driver.fail("a", "no route")
        driver.pass(.seconds(1))
        let report = try #require(driver.report["a"])
        #expect(report.state == .stopped)
        #expect(report.error == "no route")
        #expect(report.errorTime == 1_000_000)
        let next = try #require(report.nextTry)
        #expect((1_002_699...1_003_301).contains(next))
        #expect(report.retryIn == .milliseconds(next - 1_001_000))
        driver.pass(.seconds(5))
        #expect(driver.report["a"]?.nextTry == nil)
        #expect(driver.report["a"]?.error == "no route")
    }

    @Test func `E66: each start that came to run is told once`() throws {
        var driver = try MachineDriver(isObliging: false)
        try driver.install(.needing("a"))
        driver.fail("a")
        driver.passToDeadline()
        driver.succeed("a")
        #expect(driver.transitions.map(\.state) == [.starting, .stopped, .starting, .started])
        #expect(driver.transitions[1].failures == 1)
        #expect(driver.transitions[1].reason == "X")
        #expect(driver.transitions[1].retryIn != nil)
    }

    @Test func `a long life leaves no deadlines behind`() throws {
        var driver = try MachineDriver(MachineDriver.rules { $0.startLimit = .seconds(100_000) })
        try driver.install(.needing("a"))
        for _ in 0..<2000 {
            driver.end("a", .bounced)
            driver.pass(.seconds(1))
        }
        #expect(driver.count("a") == 2001)
        #expect(driver.machine.deadlines.count < 100)
        try driver.remove("a")
        #expect(driver.machine.nextDeadline == nil)
    }
}
