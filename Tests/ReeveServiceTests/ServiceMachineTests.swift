import ReeveLaunch
import ReeveProtocol
import ReeveService
import Testing

/// One process of a service, by its machine alone.
struct ServiceMachineTests {
    private static let at = Timestamp(milliseconds: 1_795_231_211_000)

    private func definition(_ change: (inout ServiceDefinition) -> Void = { _ in }) -> ServiceDefinition {
        var definition = ServiceDefinition(name: "web", command: ["/bin/web"])
        change(&definition)
        return definition
    }

    private func exit(_ code: Int?, signal: Int? = nil) -> ServiceMachine.Event {
        .ended(ServiceExit(code: code, signal: signal, at: Self.at))
    }

    private func end(of actions: [ServiceMachine.Action]) -> ServiceEnd? {
        for case .finish(let end) in actions { return end }
        return nil
    }

    // MARK: Readiness

    @Test func `without more to say a process is ready as soon as it runs`() {
        var machine = ServiceMachine(definition())
        #expect(machine.begin(at: .zero) == [.becameReady, .beginProbing])
        #expect(machine.isReady)
    }

    @Test func `with notify it is ready when it says so, and not before`() {
        var machine = ServiceMachine(definition { $0.ready = ReadinessDefinition(.notify) })
        #expect(machine.begin(at: .zero) == [.arm(.readiness, after: .seconds(90))])
        #expect(!machine.isReady)
        #expect(machine.handle(.saidStatus("loading"), at: .seconds(1)) == [.said("loading")])
        #expect(machine.handle(.saidReady, at: .seconds(2)) == [.disarm(.readiness), .becameReady, .beginProbing])
        #expect(machine.handle(.saidReady, at: .seconds(3)) == [])
    }

    @Test func `what does not become ready in time is ended, and has failed`() {
        let ready = ReadinessDefinition(.probe(.tcp("localhost:80")), timeout: .seconds(5))
        var machine = ServiceMachine(definition { $0.ready = ready })
        #expect(machine.begin(at: .zero) == [.arm(.readiness, after: .seconds(5))])
        #expect(
            machine.handle(.timeIsOver(.readiness), at: .seconds(5))
                == [.stopping, .signal(15), .arm(.grace, after: .seconds(10))]
        )
        let end = end(of: machine.handle(exit(nil, signal: 15), at: .seconds(6)))
        #expect(end?.kind == .failed && end?.cause == "notReady")
        #expect(end?.reason == "it was not ready within 5s, and was ended")
    }

    @Test func `a process that needs more time asks for it, and never gets less`() {
        var machine = ServiceMachine(definition { $0.ready = ReadinessDefinition(.notify, timeout: .seconds(5)) })
        _ = machine.begin(at: .zero)
        #expect(machine.handle(.askedForTime(.seconds(1)), at: .seconds(1)) == [])
        #expect(machine.handle(.askedForTime(.seconds(9)), at: .seconds(4)) == [.arm(.readiness, after: .seconds(9))])
        // The earlier time comes, and says nothing any more.
        #expect(machine.handle(.timeIsOver(.readiness), at: .seconds(5)) == [])
        #expect(!machine.handle(.timeIsOver(.readiness), at: .seconds(13)).isEmpty)
    }

    @Test func `an exit with 0 before it was ready is a failure`() {
        var machine = ServiceMachine(definition { $0.ready = ReadinessDefinition(.notify) })
        _ = machine.begin(at: .zero)
        let end = end(of: machine.handle(exit(0), at: .seconds(1)))
        #expect(end?.kind == .failed && end?.reason == "exited with 0 before it was ready")
    }

    @Test func `while it reloads nobody loses it, but it has to be ready again in time`() {
        var machine = ServiceMachine(definition { $0.ready = ReadinessDefinition(.notify, timeout: .seconds(5)) })
        _ = machine.begin(at: .zero)
        _ = machine.handle(.saidReady, at: .zero)
        #expect(
            machine.handle(.saidReloading, at: .seconds(1)) == [.isReloading, .arm(.readiness, after: .seconds(5))]
        )
        #expect(machine.handle(.saidReady, at: .seconds(2)) == [.disarm(.readiness), .becameReady])
        _ = machine.handle(.saidReloading, at: .seconds(3))
        #expect(machine.handle(.timeIsOver(.readiness), at: .seconds(8)).contains(.signal(15)))
    }

    @Test func `one that says that it is stopping has its grace for that, and no watchdog`() {
        var machine = ServiceMachine(
            definition {
                $0.ready = ReadinessDefinition(.notify)
                $0.watchdog = .seconds(3)
            }
        )
        _ = machine.begin(at: .zero)
        _ = machine.handle(.saidReady, at: .zero)
        let actions = machine.handle(.saidStopping, at: .seconds(1))
        #expect(actions.first == .lostReadiness(reason: "it said that it is stopping"))
        #expect(actions.contains(.disarm(.watchdog)) && actions.contains(.arm(.grace, after: .seconds(10))))
        #expect(machine.handle(.saidAlive, at: .seconds(2)) == [])
        #expect(machine.handle(.saidReady, at: .seconds(2)) == [])
        #expect(machine.handle(.timeIsOver(.grace), at: .seconds(11)) == [.kill])
        #expect(end(of: machine.handle(exit(nil, signal: 9), at: .seconds(12)))?.kind == .failed)
    }

    @Test func `one that was ready when it was taken over stays so`() {
        var machine = ServiceMachine(definition { $0.ready = ReadinessDefinition(.notify) }, isReady: true)
        #expect(machine.begin(at: .zero) == [.becameReady, .beginProbing])
    }

    // MARK: Signs of life

    @Test func `the watchdog runs from readiness on, and bites with SIGABRT`() {
        var machine = ServiceMachine(
            definition {
                $0.ready = ReadinessDefinition(.notify)
                $0.watchdog = .seconds(3)
            }
        )
        _ = machine.begin(at: .zero)
        #expect(machine.handle(.saidAlive, at: .seconds(1)) == [])
        #expect(machine.handle(.saidReady, at: .seconds(2)).contains(.arm(.watchdog, after: .seconds(3))))
        #expect(machine.handle(.saidAlive, at: .seconds(4)) == [.arm(.watchdog, after: .seconds(3))])
        #expect(machine.handle(.timeIsOver(.watchdog), at: .seconds(5)) == [])
        #expect(machine.handle(.timeIsOver(.watchdog), at: .seconds(7)).contains(.signal(6)))
        let end = end(of: machine.handle(exit(nil, signal: 6), at: .seconds(8)))
        #expect(end?.kind == .failed && end?.cause == "watchdog")
    }

    @Test(arguments: [UnhealthyPolicy.tell, .restart])
    func `what is unhealthy is told, and ended where it is to be`(policy: UnhealthyPolicy) {
        var probe = ProbeDefinition(.tcp("localhost:80"))
        probe.unhealthy = policy
        var machine = ServiceMachine(definition { $0.probe = probe })
        _ = machine.begin(at: .zero)
        #expect(machine.handle(.health(.healthy), at: .seconds(1)) == [.became(.healthy)])
        let actions = machine.handle(.health(.unhealthy("refused")), at: .seconds(2))
        #expect(actions.first == .became(.unhealthy("refused")))
        #expect(actions.contains(.signal(15)) == (policy == .restart))
    }

    // MARK: The end

    @Test func `a stop is a signal, then a grace, then a kill, and the end is as told`() {
        let stop = StopDefinition(signal: "INT", grace: .seconds(2))
        var machine = ServiceMachine(definition { $0.stop = stop })
        _ = machine.begin(at: .zero)
        #expect(
            machine.handle(.stopRequested(.requested("by uid:0")), at: .zero)
                == [.stopping, .signal(2), .arm(.grace, after: .seconds(2))]
        )
        #expect(machine.handle(.stopRequested(.removed), at: .seconds(1)) == [])
        #expect(machine.handle(.timeIsOver(.grace), at: .seconds(2)) == [.kill])
        let actions = machine.handle(exit(nil, signal: 9), at: .seconds(3))
        #expect(actions.contains(.kill))
        let end = end(of: actions)
        #expect(end?.kind == .told && end?.cause == "requested" && end?.reason == "stopped by uid:0")
    }

    @Test func `a stop during a start works at once`() {
        var machine = ServiceMachine(definition { $0.ready = ReadinessDefinition(.notify) })
        _ = machine.begin(at: .zero)
        let actions = machine.handle(.stopRequested(.requirement), at: .seconds(1))
        #expect(actions.contains(.signal(15)) && actions.contains(.disarm(.readiness)))
        #expect(end(of: machine.handle(exit(0), at: .seconds(1)))?.kind == .told)
    }

    @Test func `one that was being ended as failed and is then told to stop was told to`() {
        var machine = ServiceMachine(definition { $0.ready = ReadinessDefinition(.notify, timeout: .seconds(1)) })
        _ = machine.begin(at: .zero)
        _ = machine.handle(.timeIsOver(.readiness), at: .seconds(1))
        #expect(machine.handle(.stopRequested(.requirement), at: .seconds(2)) == [])
        #expect(end(of: machine.handle(exit(nil, signal: 15), at: .seconds(3)))?.kind == .told)
    }

    @Test func `a process that asks for time to end gets it`() {
        var machine = ServiceMachine(definition())
        _ = machine.begin(at: .zero)
        _ = machine.handle(.stopRequested(.agentStopped), at: .zero)
        #expect(machine.handle(.askedForTime(.seconds(30)), at: .seconds(9)) == [.arm(.grace, after: .seconds(30))])
        #expect(machine.handle(.timeIsOver(.grace), at: .seconds(10)) == [])
        #expect(machine.handle(.timeIsOver(.grace), at: .seconds(39)) == [.kill])
    }

    @Test(arguments: [
        (0 as Int?, nil as Int?, "succeeded", "exited with 0"), (3, nil, "failed", "exited with 3"),
        (nil, 11, "failed", "ended by signal 11 (SIGSEGV)"), (nil, nil, "failed", "ended, and it is not known how"),
    ])
    func `an end by itself is what its code says, and takes what it left with it`(
        code: Int?,
        signal: Int?,
        kind: String,
        reason: String
    ) {
        var machine = ServiceMachine(definition())
        _ = machine.begin(at: .zero)
        let actions = machine.handle(exit(code, signal: signal), at: .seconds(1))
        #expect(actions.contains(.kill))
        let end = end(of: actions)
        #expect("\(end?.kind ?? .told)" == kind && end?.reason == reason)
        // Nothing comes after the end.
        #expect(machine.handle(exit(1), at: .seconds(2)) == [])
        #expect(machine.handle(.stopRequested(.removed), at: .seconds(2)) == [])
        #expect(machine.handle(.saidStatus("late"), at: .seconds(2)) == [])
    }
}
