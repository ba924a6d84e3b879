import CLinux
import Glibc
import NIOConcurrencyHelpers
import Testing

@testable import ReeveProcess

/// Processes that somebody else starts. That one is scripted here; the processes and pipes are real.
@Suite(.timeLimit(.minutes(5)))
struct UnitTests {
    private let workshop: Workshop
    private let manager = ScriptedManager()
    private let keeper = ScriptedKeeper()
    private let key = ProcessKey("main")
    private let unit = UnitIdentity(name: "reeve-run-x.service")

    init() throws {
        workshop = try Workshop()
    }

    private var host: UnitHost { UnitHost(manager: manager, keeper: keeper) }

    private func text(_ name: String = "output") throws -> String {
        String(decoding: try SpoolReader(path: workshop.path(name)).read().bytes, as: UTF8.self)
    }

    /// What writes to the pipes that the manager was given, and is a process of its own.
    private func writer(_ script: String, to unit: UnitSpecification) -> Int32 {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        posix_spawn_file_actions_adddup2(&actions, unit.output, 1)
        posix_spawn_file_actions_adddup2(&actions, unit.error, 2)
        var pid: pid_t = 0
        let arguments = CStrings(["sh", "-c", script])
        posix_spawn(&pid, "/bin/sh", &actions, nil, arguments.pointers, nil)
        return pid
    }

    private func wait(_ pid: Int32) {
        var status: Int32 = 0
        waitpid(pid, &status, 0)
    }

    private static func running(_ pid: Int32) -> UnitState {
        UnitState(pid: pid, isStarting: false, isRunning: true, cgroup: nil, startedAt: 1, end: nil)
    }

    private static func ended(_ pid: Int32, code: Int32 = 7) -> UnitState {
        let end = UnitState.End(reason: .exit(code: code), cpuTime: .seconds(1), isOutOfMemory: false, endedAt: 11)
        return UnitState(pid: pid, isStarting: false, isRunning: false, cgroup: nil, startedAt: 1, end: end)
    }

    @Test func `its output is kept, and its end is what its manager says`() async throws {
        manager.onStart = { [self] unit in
            let pid = writer("echo out; echo bad >&2", to: unit)
            wait(pid)
            return .success(Self.ended(pid))
        }
        let specification = workshop.shell("unused")
        let record = try await workshop.processes.start(specification, key: key, as: unit, by: host)
        #expect(record.startedAt == 1 && record.end == nil)
        manager.end(unit.name, Self.ended(record.pid))
        let end = try #require(await workshop.processes.ended(key))
        #expect(end.exitCode == 7 && end.duration == .milliseconds(10) && end.endedAt == 11)
        #expect(end.together?.userTime == .seconds(1))
        #expect(try text().split(separator: "\n").sorted() == ["bad", "out"])
        #expect(keeper.names == ["reeve-run-x.service.err", "reeve-run-x.service.out"])
        host.release(unit)
        #expect(keeper.names.isEmpty && manager.released == [unit.name])
    }

    @Test func `an end that is told before anybody asks is not missed`() async throws {
        manager.onStart = { _ in .success(Self.ended(1)) }
        manager.end(unit.name, Self.ended(1))
        try await workshop.processes.start(workshop.shell("unused"), key: key, as: unit, by: host)
        #expect(await workshop.processes.ended(key)?.exitCode == 7)
    }

    @Test func `a start that fails leaves nothing, and one that nobody waited for leaves what it needs`() async throws {
        for (number, left) in [(EIO, 0), (ECANCELED, 2)] {
            manager.onStart = { _ in .failure(StartError(.serviceManager, errno: number)) }
            await #expect(throws: StartError.self) {
                try await workshop.processes.start(workshop.shell("unused"), key: key, as: unit, by: host)
            }
            #expect(keeper.names.count == left)
            #expect(workshop.processes.record(key) == nil)
        }
    }

    @Test func `the next agent reads on from what was kept, where the one before has ended`() async throws {
        workshop.makeFIFO("again")
        manager.onStart = { [self] unit in
            .success(Self.running(writer("echo one; read x < \(workshop.path("again")); echo two", to: unit)))
        }
        let specification = workshop.shell("unused")
        var pid: Int32 = 0
        do {
            let first = try Processes(now: { 5 }, clock: ContinuousClock())
            pid = try await first.start(specification, key: key, as: unit, by: host).pid
            _ = await first.output(key, beyond: .start)
        }
        workshop.release("again")
        wait(pid)
        manager.state = Self.ended(pid, code: 0)
        let second = try Processes(now: { 6 }, clock: ContinuousClock())
        #expect(try await second.takeUp(specification, key: key, as: unit, by: host)?.output.output == 4)
        manager.end(unit.name, Self.ended(pid, code: 0))
        #expect(await second.ended(key)?.exitCode == 0)
        #expect(try text() == "one\ntwo\n")
        #expect(second.record(key)?.output.spoolTrouble == nil)
    }

    @Test func `one that nobody has kept anything of has its end, and says that output is lost`() async throws {
        manager.state = Self.ended(1)
        let record = try await workshop.processes.takeUp(workshop.shell("unused"), key: key, as: unit, by: host)
        #expect(record?.output.spoolTrouble == "what it wrote while no agent was there is lost")
        manager.end(unit.name, Self.ended(1))
        #expect(await workshop.processes.ended(key)?.exitCode == 7)
    }

    @Test func `one that waits for its turn is asked for again, one without a process is released, none is none`()
        async throws
    {
        let specification = workshop.shell("unused")
        manager.state = UnitState(pid: 0, isStarting: true, isRunning: false, cgroup: nil, startedAt: 0, end: nil)
        let error = await #expect(throws: StartError.self) {
            try await workshop.processes.takeUp(specification, key: key, as: unit, by: host)
        }
        #expect(error?.stage == .serviceManager && error?.errno == EAGAIN)
        manager.state?.isStarting = false
        #expect(try await workshop.processes.takeUp(specification, key: key, as: unit, by: host) == nil)
        #expect(manager.released == [unit.name])
        manager.state = nil
        #expect(try await workshop.processes.takeUp(specification, key: key, as: unit, by: host) == nil)
    }

    @Test func `a program that is not there is told before anybody is asked`() async {
        var specification = workshop.shell("")
        specification.arguments = ["/no/such"]
        let error = await #expect(throws: StartError.self) {
            try await workshop.processes.start(specification, key: key, as: unit, by: host)
        }
        #expect(error == StartError(.execute, errno: ENOENT, path: "/no/such"))
        #expect(keeper.names.isEmpty)
    }
}

/// Answers as it is told to.
private final class ScriptedManager: UnitManager {
    private struct State {
        var onStart: (@Sendable (UnitSpecification) -> Result<UnitState, StartError>)?
        var state: UnitState?
        var watches: [String: @Sendable (UnitState?) -> Void] = [:]
        var ends: [String: UnitState] = [:]
        var released: [String] = []
    }

    private let box = NIOLockedValueBox(State())

    var onStart: (@Sendable (UnitSpecification) -> Result<UnitState, StartError>)? {
        get { box.withLockedValue(\.onStart) }
        set { box.withLockedValue { $0.onStart = newValue } }
    }

    var state: UnitState? {
        get { box.withLockedValue(\.state) }
        set { box.withLockedValue { $0.state = newValue } }
    }

    var released: [String] { box.withLockedValue(\.released) }

    func end(_ name: String, _ state: UnitState) {
        let watch = box.withLockedValue { box in
            box.ends[name] = state
            return box.watches.removeValue(forKey: name)
        }
        watch?(state)
    }

    func start(_ unit: UnitSpecification) async throws(StartError) -> UnitState {
        guard let onStart else { throw StartError(.serviceManager, errno: EIO) }
        return try onStart(unit).get()
    }

    func state(_ name: String) async throws(StartError) -> UnitState? { state }

    func watch(_ name: String, _ onEnd: @escaping @Sendable (UnitState?) -> Void) {
        let ended = box.withLockedValue { box in
            if box.ends[name] == nil { box.watches[name] = onEnd }
            return box.ends[name]
        }
        if let ended { onEnd(ended) }
    }

    func release(_ name: String, _ done: @escaping @Sendable () -> Void) {
        box.withLockedValue { $0.released.append(name) }
        done()
    }
}

/// Keeps copies, as systemd does.
private final class ScriptedKeeper: DescriptorKeeper {
    private let kept = NIOLockedValueBox<[String: CInt]>([:])

    var names: [String] { kept.withLockedValue { $0.keys.sorted() } }
    var left: [String] { names }

    func keep(_ descriptor: CInt, as name: String) -> Bool {
        let copy = fcntl(descriptor, F_DUPFD_CLOEXEC, 3)
        if let old = kept.withLockedValue({ $0.updateValue(copy, forKey: name) }) { close(old) }
        return true
    }

    func drop(_ name: String) {
        if let descriptor = take(name) { close(descriptor) }
    }

    func take(_ name: String) -> CInt? { kept.withLockedValue { $0.removeValue(forKey: name) } }
}
