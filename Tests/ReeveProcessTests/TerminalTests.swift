import Glibc
import TestSupport
import Testing

@testable import ReeveProcess

/// Processes that have a terminal in the place of their standard streams.
@Suite struct TerminalTests {
    private let workshop: Workshop

    init() throws {
        workshop = try Workshop()
    }

    private func terminal(_ script: String, columns: UInt16 = 100, rows: UInt16 = 30) -> ProcessSpecification {
        var specification = workshop.shell(script)
        specification.standardInput = .terminal(TerminalSize(columns: columns, rows: rows))
        return specification
    }

    private func text() throws -> String {
        String(decoding: try SpoolReader(path: workshop.path("output")).read().bytes, as: UTF8.self)
    }

    @Test func `all three streams are one terminal, of that size, which is that of its session`() async throws {
        let script =
            "test -t 0 && test -t 1 && test -t 2 && stty size </dev/tty; [ \"$(tty)\" = \"$(tty <&2)\" ] && echo same"
        let result = try await workshop.run(terminal(script))
        #expect(result.end.exitCode == 0)
        #expect(result.text == "30 100\r\nsame\r\n" && result.error.isEmpty)
        #expect(workshop.processes.type(ProcessKey("main"), [10]) == nil, "it is over")
    }

    @Test func `what is typed is shown, and read by lines`() async throws {
        let key = ProcessKey("main")
        try workshop.processes.start(terminal("read a; read b; echo $b-$a"), key: key)
        #expect(workshop.processes.type(key, Array("one\ntwo\n".utf8)) == 8)
        #expect(await workshop.processes.ended(key)?.exitCode == 0)
        let text = try text()
        #expect(text.hasPrefix("one\r\ntwo\r\n") && text.hasSuffix("two-one\r\n"), "\(text)")
    }

    @Test func `keys that mean something are signals, and the end of the input`() async throws {
        let key = ProcessKey("main")
        let up = try Fifo(workshop.path("up"))
        try workshop.processes.start(terminal("echo >\(up.path); exec sleep 1000"), key: key)
        _ = try await up.line()
        #expect(workshop.processes.type(key, [3]) == 1)
        #expect(await workshop.processes.ended(key)?.signal == SIGINT)
        let other = ProcessKey("other")
        try workshop.processes.start(terminal("cat; echo end"), key: other)
        #expect(workshop.processes.type(other, [4]) == 1)
        #expect(await workshop.processes.ended(other)?.exitCode == 0)
    }

    @Test func `a process is told of another size`() async throws {
        let key = ProcessKey("main")
        let (up, wait) = (try Fifo(workshop.path("up")), try Fifo(workshop.path("wait")))
        let script = "trap 'stty size; exit 7' WINCH; echo >\(up.path); while :; do read x <\(wait.path); done"
        try workshop.processes.start(terminal(script), key: key)
        _ = try await up.line()
        #expect(workshop.processes.resize(key, TerminalSize(columns: 132, rows: 43)))
        #expect(await workshop.processes.ended(key)?.exitCode == 7)
        let text = try text()
        #expect(text.contains("43 132\r\n"), "\(text)")
        #expect(!workshop.processes.resize(key, TerminalSize(columns: 80, rows: 24)))
    }

    @Test func `a process that reads nothing takes only so much, and nobody waits for it`() async throws {
        let key = ProcessKey("main")
        let wait = try Fifo(workshop.path("wait"))
        try workshop.processes.start(terminal("stty -echo; read x <\(wait.path)"), key: key)
        let piece = [UInt8](repeating: UInt8(ascii: "x"), count: 1000) + [10]
        var taken = 0
        while let more = workshop.processes.type(key, piece), more > 0, taken < 4 << 20 { taken += more }
        #expect((1...1 << 20).contains(taken), "\(taken)")
        try await wait.write()
        #expect(await workshop.processes.ended(key)?.exitCode == 0)
    }

    @Test func `what was left behind loses its terminal, and who has none is not typed to`() async throws {
        let left = try Fifo(workshop.path("left"))
        let script = "trap '' HUP; (while echo x; do :; done 2>&-; echo gone >\(left.path)) & exit 3"
        let result = try await workshop.run(terminal(script))
        #expect(result.end.exitCode == 3)
        #expect(try await left.line() == "gone")
        try workshop.processes.start(workshop.shell("true", name: "plain"), key: ProcessKey("plain"))
        #expect(workshop.processes.type(ProcessKey("plain"), [10]) == nil)
        #expect(workshop.processes.type(ProcessKey("none"), [10]) == nil)
        _ = await workshop.processes.ended(ProcessKey("plain"))
    }
}
