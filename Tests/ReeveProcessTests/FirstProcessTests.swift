import Glibc
import Testing

@testable import ReeveProcess

/// What a container's first process has to do, in a PID namespace.
@Suite(.timeLimit(.minutes(5)), .enabled(if: geteuid() == 0, "only root can make a PID namespace"))
struct FirstProcessTests {
    /// Without a session of its own, the first process is in that of who made the namespace, which is none in there: 0.
    @Test(arguments: [(0, []), (1, ["setsid"])])
    func `it waits for orphans that it never started, and its own children's ends are told right`(
        session: Int,
        prefix: [String]
    ) async throws {
        let workshop = try Workshop()
        workshop.makeFIFO("ready")
        workshop.makeFIFO("entered")
        var specification = workshop.shell("")
        specification.arguments =
            ["unshare", "--fork", "--pid", "--mount-proc"] + prefix + [Self.program, workshop.folder]
        let key = ProcessKey("main")
        let pid = try workshop.processes.start(specification, key: key).pid
        // What enters the namespace is in none of its sessions, and nor are the orphans that it leaves.
        let enter =
            "read x < ready; read first < /proc/\(pid)/task/\(pid)/children; "
            + "nsenter -t $first -p -m sh -c '(exit 103 &); (exit 104 &); exit 105'; echo $?; echo > entered"
        #expect(try await workshop.run(workshop.shell(enter, name: "enter"), key: "enter").text == "105\n")
        let end = try #require(await workshop.processes.ended(key))
        let text = String(decoding: try SpoolReader(path: workshop.path("output")).read().bytes, as: UTF8.self)
        #expect(text == "pid 1 session \(session)\nwrong ends 0\nzombies left 0\n")
        #expect(end.exitCode == 0)
    }

    /// As with `docker exec`: its session is one of outside, and so is that of what its libraries start.
    @Test func `one that entered the namespace waits for its own children and for orphans, not for others' children`()
        async throws
    {
        let workshop = try Workshop()
        workshop.makeFIFO("up")
        workshop.makeFIFO("end")
        var specification = workshop.shell("")
        specification.arguments =
            ["unshare", "--fork", "--pid", "--mount-proc", "setsid", "sh", "-c", "echo > up; read x < end"]
        let key = ProcessKey("main")
        let pid = try workshop.processes.start(specification, key: key).pid
        let enter =
            "read x < up; read first < /proc/\(pid)/task/\(pid)/children; "
            + "nsenter -t $first -p -m \(Self.program) .; echo > end"
        let entered = try await workshop.run(workshop.shell(enter, name: "enter"), key: "enter")
        #expect(entered.text.hasSuffix(" session 0\nwrong ends 0\nother's exit code 7\n"), "\(entered.text)")
        #expect(await workshop.processes.ended(key)?.exitCode == 0)
    }

    @Test func `without a proc of its namespace it kills nobody else`() async throws {
        let workshop = try Workshop()
        var specification = workshop.shell("")
        specification.arguments = ["unshare", "--fork", "--pid", Self.program, workshop.folder]
        let result = try await workshop.run(specification)
        #expect(result.text == "pid 1 session 0\nblind: survivors [], ended by signal 9\n")
    }

    /// It is built next to the test bundle, which is a file here and a folder elsewhere.
    static let program: String = {
        var buffer = [UInt8](repeating: 0, count: 4096)
        let count = buffer.withUnsafeMutableBytes { bytes in
            readlink("/proc/self/exe", bytes.bindMemory(to: CChar.self).baseAddress!, bytes.count)  // it is not empty
        }
        let executable = String(decoding: buffer.prefix(max(0, count)), as: UTF8.self)
        for path in [executable] + CommandLine.arguments.filter({ $0.contains(".xctest") }) {
            var parts = path.split(separator: "/").dropLast()
            while !parts.isEmpty {
                let program = "/\(parts.joined(separator: "/"))/FirstProcess"
                if access(program, X_OK) == 0 { return program }
                parts.removeLast()
            }
        }
        return "FirstProcess"
    }()
}
