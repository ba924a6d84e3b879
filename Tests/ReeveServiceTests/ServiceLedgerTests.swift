import NIOConcurrencyHelpers
import ReeveProtocol
import ReeveService
import ReeveStore
import Testing

@testable import ReeveEngine

/// What is recorded of a service, by its ledger alone.
struct ServiceLedgerTests {
    private static let start = Timestamp(milliseconds: 1_795_231_211_000)

    private static func ledger(_ state: ServiceState = ServiceState()) -> ServiceLedger {
        let last = NIOLockedValueBox(0)
        return ServiceLedger(state) { _ in
            last.withLockedValue { number in
                number += 1
                return "id-\(number)"
            }
        }
    }

    private static func failed(_ count: Int, retryIn: Duration? = .seconds(1)) -> Transition {
        Transition(
            manifold: "web",
            state: retryIn == nil ? .failed : .stopped,
            reason: "exited with 1",
            failures: count,
            retryIn: retryIn,
            rest: retryIn == nil ? .failed : nil
        )
    }

    private static func stopped(_ rest: ManifoldReport.Rest? = nil) -> Transition {
        Transition(manifold: "web", state: .stopped, reason: nil, failures: 0, retryIn: nil, rest: rest)
    }

    private static func end(_ kind: ServiceEnd.Kind, code: Int = 1, cause: String = "exit") -> ServiceEnd {
        ServiceEnd(
            kind,
            cause: cause,
            reason: "exited with \(code)",
            exit: ServiceExit(code: code, signal: nil, at: start)
        )
    }

    @Test func `a service that comes up is told as started and ready`() {
        var ledger = Self.ledger()
        ledger.began(pid: 7, at: Self.start)
        ledger.becameReady(at: Self.start + .seconds(1))
        let changes = ledger.takeChanges()
        #expect(changes.map(\.kind) == [.started, .ready])
        #expect(changes.map(\.state.status) == [.starting, .running])
        #expect(ledger.state.pid == 7 && ledger.state.starts == 1 && !ledger.isDirty)
    }

    @Test func `an end by itself is told once the engine has said what comes of it`() {
        var ledger = Self.ledger()
        ledger.began(pid: 7, at: Self.start)
        _ = ledger.takeChanges()
        ledger.ended(Self.end(.failed), at: Self.start)
        #expect(ledger.takeChanges() == [])
        ledger.engineSays(Self.failed(1), at: Self.start)
        let change = ledger.takeChanges().first
        #expect(change?.kind == .exited && change?.state.failures == 1)
        #expect(change?.state.nextTry == Self.start + .seconds(1) && change?.state.status == .waiting)
        #expect(change?.state.exitCode == 1 && change?.state.pid == nil)
    }

    @Test func `one that was told to end is told as stopped, with why`() {
        var ledger = Self.ledger()
        ledger.began(pid: 7, at: Self.start)
        ledger.isHeld = true
        ledger.requestTaken(2, ends: .requested("by uid:0"), at: Self.start)
        #expect(ledger.state.status == .stopping && ledger.state.request == 2)
        ledger.ended(Self.end(.told, code: 0, cause: "requested"), at: Self.start)
        ledger.engineSays(Self.stopped(), at: Self.start)
        #expect(ledger.takeChanges().map(\.kind) == [.started, .stopped])
        #expect(ledger.state.status == .stopped && ledger.state.cause == "requested")
    }

    @Test func `success without a restart is completed`() {
        var ledger = Self.ledger()
        ledger.began(pid: 7, at: Self.start)
        ledger.ended(Self.end(.succeeded, code: 0), at: Self.start)
        ledger.engineSays(Self.stopped(.completed), at: Self.start)
        #expect(ledger.state.status == .completed)
        #expect(ledger.takeChanges().map(\.kind) == [.started, .exited])
    }

    @Test func `one that has done its work stands as that, also when a request that needs no other came since`() {
        var ledger = Self.ledger()
        ledger.began(pid: 7, at: Self.start)
        ledger.ended(Self.end(.succeeded, code: 0), at: Self.start)
        ledger.engineSays(Self.stopped(.completed), at: Self.start)
        ledger.requestTaken(2, ends: .changed, at: Self.start)
        #expect(ledger.state.status == .waiting)
        _ = ledger.takeChanges()
        ledger.hadCompleted()
        ledger.engineSays(Self.stopped(.completed), at: Self.start)
        #expect(ledger.state.status == .completed && ledger.state.request == 2)
        #expect(ledger.isDirty && ledger.takeChanges() == [])
    }

    @Test func `what is given up is told as exited and as failed`() {
        var ledger = Self.ledger()
        ledger.began(pid: 7, at: Self.start)
        ledger.ended(Self.end(.failed), at: Self.start)
        ledger.engineSays(Self.failed(3, retryIn: nil), at: Self.start)
        #expect(ledger.state.status == .failed && ledger.state.nextTry == nil)
        #expect(ledger.takeChanges().map(\.kind) == [.started, .exited, .failed])
    }

    @Test func `a start that fails ended nothing`() {
        var ledger = Self.ledger()
        let end = ServiceEnd(.failed, cause: "notFound", reason: "cannot execute /x", exit: nil)
        ledger.ended(end, at: Self.start)
        ledger.engineSays(Self.failed(1), at: Self.start)
        #expect(ledger.takeChanges().map(\.kind) == [.failed])
        #expect(ledger.state.stoppedAt == nil && ledger.state.cause == "notFound")
    }

    @Test func `ten thousand quick failures are told by a few dozen changes, and nothing is dropped in silence`() {
        var ledger = Self.ledger()
        var told: [ServiceChange] = []
        for failure in 1...10_000 {
            ledger.began(pid: failure, at: Self.start)
            ledger.becameReady(at: Self.start)
            ledger.ended(Self.end(.failed), at: Self.start)
            ledger.engineSays(Self.failed(failure), at: Self.start)
            told += ledger.takeChanges()
        }
        #expect(told.count < 60)
        #expect(ledger.state.starts == 10_000 && ledger.state.failures == 10_000)
        // It comes up and lasts: then what was left out last is told.
        ledger.began(pid: 1, at: Self.start)
        ledger.becameReady(at: Self.start)
        #expect(ledger.takeChanges() == [])
        ledger.hasLasted()
        let last = ledger.takeChanges()
        #expect(last.map(\.kind) == [.ready] && last.first?.state.status == .running)
        #expect(ledger.state.failures == 0)
        #expect((told + last).reduce(0) { $0 + 1 + $1.omitted } == 30_002)
    }

    @Test func `what cannot be recorded comes back in its order and stays bounded`() {
        var ledger = Self.ledger()
        ledger.began(pid: 1, at: Self.start)
        let taken = ledger.takeChanges()
        ledger.becameReady(at: Self.start)
        ledger.failedToRecord(taken)
        #expect(ledger.isDirty)
        #expect(ledger.takeChanges().map(\.kind) == [.started, .ready])
        for _ in 0..<1000 {
            ledger.ended(Self.end(.told, code: 0, cause: "restart"), at: Self.start)
            ledger.began(pid: 1, at: Self.start)
        }
        let kept = ledger.takeChanges()
        #expect(kept.count == ServiceLedger.mostChanges)
        #expect(kept.last?.kind == .started)
        #expect(kept.reduce(0) { $0 + 1 + $1.omitted } == 2000)
    }

    @Test(arguments: [ServiceEnd.Kind.failed, .succeeded])
    func `an end by itself while it was to end anyway is told, and leaves nothing waiting`(kind: ServiceEnd.Kind) {
        // The engine has told the worker to stop, for what it requires is gone, and so speaks of no failure.
        var ledger = Self.ledger()
        ledger.began(pid: 7, at: Self.start)
        ledger.ended(Self.end(kind), at: Self.start)
        ledger.engineSays(Self.stopped(), at: Self.start)
        #expect(ledger.state.status == .waiting)
        #expect(ledger.takeChanges().map(\.kind) == [.started, .exited])
    }

    @Test func `one that leaves the engine while its end is pending is at rest`() {
        var ledger = Self.ledger()
        ledger.began(pid: 7, at: Self.start)
        ledger.isHeld = true
        ledger.requestTaken(2, ends: .requested("by uid:0"), at: Self.start)
        ledger.ended(Self.end(.failed), at: Self.start)
        ledger.hasLeft(at: Self.start)
        #expect(ledger.state.status == .stopped)
        #expect(ledger.takeChanges().map(\.kind) == [.started, .exited])
    }

    @Test func `that the last process failed for good says nothing of the one that was asked for since`() {
        var ledger = Self.ledger()
        ledger.began(pid: 7, at: Self.start)
        ledger.requestTaken(1, ends: .changed, at: Self.start)
        ledger.ended(Self.end(.failed), at: Self.start)
        ledger.engineSays(Self.failed(4, retryIn: nil), at: Self.start)
        #expect(ledger.state.status == .waiting && ledger.state.failures == 0)
        #expect(ledger.takeChanges().map(\.kind) == [.started, .exited])
        // Of that it does.
        ledger.began(pid: 8, at: Self.start)
        ledger.ended(Self.end(.failed), at: Self.start)
        ledger.engineSays(Self.failed(1, retryIn: nil), at: Self.start)
        #expect(ledger.state.status == .failed)
        #expect(ledger.takeChanges().map(\.kind) == [.started, .exited, .failed])
    }

    @Test func `an end of which nobody said what it leads to is told before the next start`() {
        var ledger = Self.ledger()
        ledger.began(pid: 7, at: Self.start)
        ledger.ended(Self.end(.failed), at: Self.start)
        ledger.began(pid: 8, at: Self.start + .seconds(1))
        let changes = ledger.takeChanges()
        #expect(changes.map(\.kind) == [.started, .exited, .started])
        #expect(changes.map(\.state.exitCode) == [nil, 1, nil])
    }

    @Test func `what was left out is told when nothing is to come any more`() {
        var ledger = Self.ledger()
        for count in 1...3 {
            ledger.began(pid: count, at: Self.start)
            ledger.ended(Self.end(.failed), at: Self.start)
            ledger.engineSays(Self.failed(count), at: Self.start)
        }
        _ = ledger.takeChanges()
        #expect(ledger.isHoldingBack)
        ledger.tellHeldBack()
        let last = ledger.takeChanges()
        #expect(last.map(\.kind) == [.exited] && last.map(\.state.starts) == [3])
        #expect(!ledger.isHoldingBack)
    }

    @Test func `a stop of what does not run is told too, once`() {
        var ledger = Self.ledger()
        ledger.isHeld = true
        ledger.requestTaken(2, ends: .requested("by uid:0"), at: Self.start)
        ledger.requestTaken(3, ends: .requested("by uid:0"), at: Self.start)
        #expect(ledger.takeChanges().map(\.kind) == [.stopped])
        #expect(ledger.state.reason == "stopped by uid:0")
    }

    @Test func `health that flaps for ever is told less and less, and at last as it stands`() {
        var ledger = Self.ledger()
        ledger.began(pid: 7, at: Self.start)
        ledger.becameReady(at: Self.start)
        for _ in 0..<5000 {
            ledger.became(.unhealthy, "refused", at: Self.start)
            ledger.became(.healthy, nil, at: Self.start)
        }
        #expect(ledger.takeChanges().count < 64)
        #expect(ledger.isHoldingBack)
        ledger.hasLasted()
        #expect(ledger.takeChanges().map(\.state.health) == [.healthy])
        #expect(!ledger.isHoldingBack)
    }

    @Test func `a restart is not done before the new process`() {
        var ledger = Self.ledger()
        ledger.began(pid: 7, at: Self.start)
        ledger.becameReady(at: Self.start)
        ledger.requestTaken(5, ends: .restarted("by uid:0"), at: Self.start)
        #expect(ledger.state.status == .stopping && ledger.state.request == 5)
        ledger.ended(Self.end(.told, code: 0, cause: "restart"), at: Self.start)
        #expect(ledger.state.status == .waiting)
        ledger.began(pid: 8, at: Self.start)
        ledger.becameReady(at: Self.start)
        #expect(ledger.state.status == .running && ledger.state.cause == nil)
    }
}
