import Glibc
import ReeveProcess
import Testing

@testable import ReeveUnits

/// What is made of what systemd says of a unit that is being started.
struct UnitStartTests {
    private static let unit = UnitSpecification(
        name: "x.service",
        description: "x",
        process: ProcessSpecification(arguments: ["x"], workingDirectory: "/no/folder"),
        executable: "/no/such",
        input: -1,
        output: -1,
        error: -1,
        properties: [:]
    )

    private func properties(_ change: (inout UnitProperties) -> Void) -> UnitProperties {
        var properties = UnitProperties()
        properties.loadState = "loaded"
        change(&properties)
        return properties
    }

    private func ended(_ status: Int32, code: Int32 = 1) -> UnitProperties {
        properties {
            ($0.activeState, $0.subState, $0.result) = ("failed", "failed", "exit-code")
            ($0.processID, $0.processCode, $0.processStatus) = (7, code, status)
        }
    }

    @Test func `one that waits for its turn is neither started nor gone`() {
        let queued = properties { ($0.activeState, $0.job) = ("inactive", 9) }
        #expect(queued.start(of: Self.unit, job: nil) == .waiting)
        #expect(queued.state?.isStarting == true && queued.state?.end == nil)
    }

    @Test func `one that systemd could not read again at a reload is there all the same`() {
        let damaged = properties {
            $0.loadState = "bad-setting"
            ($0.activeState, $0.subState, $0.processID, $0.mainPID) = ("active", "running", 7, 7)
        }
        #expect(damaged.state?.isRunning == true)
        #expect(properties { $0.loadState = "not-found" }.state == nil)
    }

    /// The manager may hear of the end of a program before it hears that it was executed.
    @Test(arguments: [(1, 3), (1, 199), (2, 9)] as [(Int32, Int32)])
    func `a program that ends at once was started, though its job has failed`(code: Int32, status: Int32) {
        guard case .started(let state) = ended(status, code: code).start(of: Self.unit, job: "failed") else {
            Issue.record("it was not")
            return
        }
        #expect(state.end?.reason == (code == 1 ? .exit(code: status) : .signal(status, coreDumped: false)))
    }

    @Test func `an exit code that the manager has a meaning for is the program's own where that was executed`() {
        guard case .started = ended(203).start(of: Self.unit, job: "done") else {
            Issue.record("it was not")
            return
        }
    }

    @Test func `what the manager could not do is told as what the agent itself could not do`() {
        let execute = StartError(.execute, errno: ENOENT, path: "/no/such")
        #expect(ended(203).start(of: Self.unit, job: "failed") == .failed(execute))
        let folder = StartError(.workingDirectory, errno: ENOENT, path: "/no/folder")
        #expect(ended(200).start(of: Self.unit, job: "failed") == .failed(folder))
    }

    @Test func `a start of which nothing is heard is found out about`() {
        #expect(properties { $0.loadState = "not-found" }.start(of: Self.unit, job: nil) != .waiting)
        let running = properties {
            ($0.activeState, $0.subState, $0.processID, $0.mainPID) = ("active", "running", 7, 7)
        }
        #expect(running.start(of: Self.unit, job: nil) == running.state.map(UnitProperties.Start.started))
    }

    @Test func `arguments reach the program as they are`() {
        #expect(UnitMessage.unexpanded(["$HOME", "a$$b", "", "%n"]) == ["$$HOME", "a$$$$b", "", "%n"])
        let text = UnitMessage.environmentText([#"A=b"c`\d$e"#, "B=", "C=x\ny", "D=a=b"])
        #expect(text == #"A="b\"c\`\\d\$e""# + "\nB=\"\"\nC=\"x\ny\"\nD=\"a=b\"\n")
    }
}
