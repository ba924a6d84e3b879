import Glibc
import Testing

@testable import ReeveProcess

@Suite struct StartErrorTests {
    let workshop: Workshop

    init() throws {
        workshop = try Workshop()
        workshop.write("just a text\n", to: "text")
        workshop.write("#!/no/such/interpreter\n", to: "script", mode: 0o755)
        workshop.write("no program\n", to: "format", mode: 0o755)
    }

    struct Case: CustomTestStringConvertible {
        let testDescription: String
        let stage: StartError.Stage
        let errno: CInt
        let description: String
        let change: @Sendable (inout ProcessSpecification) -> Void
    }

    static let cases: [Case] = [
        Case(
            testDescription: "missing executable",
            stage: .execute,
            errno: ENOENT,
            description: "cannot execute /x/y: no such file or directory"
        ) { $0.arguments = ["/x/y"] },
        Case(
            testDescription: "not in PATH",
            stage: .execute,
            errno: ENOENT,
            description: "cannot execute no-such-tool: no such file or directory (PATH=/usr/bin:/bin)"
        ) { $0.arguments = ["no-such-tool"] },
        Case(
            testDescription: "no PATH",
            stage: .execute,
            errno: ENOENT,
            description: "cannot execute true: no such file or directory (there is no PATH)"
        ) {
            $0.arguments = ["true"]
            $0.environment = []
        },
        Case(
            testDescription: "not executable",
            stage: .execute,
            errno: EACCES,
            description: "cannot execute ./text: permission denied"
        ) { $0.arguments = ["./text"] },
        Case(
            testDescription: "not executable, in PATH",
            stage: .execute,
            errno: EACCES,
            description: "cannot execute /etc/passwd: permission denied"
        ) {
            $0.arguments = ["passwd"]
            $0.environment = ["PATH=/nonexistent:/etc"]
        },
        Case(
            testDescription: "a folder",
            stage: .execute,
            errno: EACCES,
            description: "cannot execute /etc: permission denied"
        ) { $0.arguments = ["/etc"] },
        Case(
            testDescription: "neither a program nor a script",
            stage: .execute,
            errno: ENOEXEC,
            description: "cannot execute ./format: exec format error"
        ) { $0.arguments = ["./format"] },
        Case(
            testDescription: "missing folder",
            stage: .workingDirectory,
            errno: ENOENT,
            description: "cannot enter the folder /no/such/folder: no such file or directory"
        ) { $0.workingDirectory = "/no/such/folder" },
        Case(
            testDescription: "missing input",
            stage: .standardInput,
            errno: ENOENT,
            description: "cannot open /no/input as standard input: no such file or directory"
        ) { $0.standardInput = .file("/no/input") },
        Case(
            testDescription: "impossible limit",
            stage: .limit,
            errno: EINVAL,
            description: "cannot set the limit openFiles: invalid argument"
        ) { $0.limits = [ResourceLimit(.core, 0), ResourceLimit(.openFiles, soft: 20, hard: 10)] },
        Case(
            testDescription: "no command",
            stage: .arguments,
            errno: EINVAL,
            description: "cannot pass the arguments and the environment: there is no command"
        ) { $0.arguments = [] },
        Case(
            testDescription: "zero byte",
            stage: .arguments,
            errno: EINVAL,
            description: "cannot pass the arguments and the environment: one of them has a zero byte"
        ) { $0.environment = ["A=\0"] },
        Case(
            testDescription: "too long",
            stage: .execute,
            errno: E2BIG,
            description: "cannot execute /bin/true: argument list too long"
        ) { $0.arguments = ["/bin/true", String(repeating: "a", count: 1 << 20)] },
    ]

    @Test(arguments: cases)
    func `tells the stage, the place and the reason, and leaves nothing`(_ wrong: Case) async throws {
        var specification = workshop.shell("true")
        wrong.change(&specification)
        let key = ProcessKey("wrong")
        let error = #expect(throws: StartError.self) { try workshop.processes.start(specification, key: key) }
        #expect(error?.stage == wrong.stage)
        #expect(error?.errno == wrong.errno)
        #expect(error?.description == wrong.description)
        #expect(workshop.processes.records.isEmpty)
        #expect(await workshop.processes.ended(key) == nil)
        // The key is free.
        #expect(try await workshop.run(workshop.shell("true"), key: "wrong").end.exitCode == 0)
    }

    @Test func `a missing interpreter is told as such`() throws {
        let path = workshop.path("script")
        var specification = workshop.shell("true")
        specification.arguments = [path]
        let error = #expect(throws: StartError.self) {
            try workshop.processes.start(specification, key: ProcessKey("script"))
        }
        #expect(error?.description == "cannot execute \(path): the interpreter that it names does not exist")
    }

    @Test func `a key is taken until its process is forgotten`() async throws {
        let key = ProcessKey("same")
        try workshop.processes.start(workshop.shell("exec sleep 1000", name: "first"), key: key)
        let again = StartError(.key, errno: EEXIST, detail: "same is in use")
        #expect(throws: again) { try workshop.processes.start(workshop.shell("true"), key: key) }
        #expect(!workshop.processes.forget(key))
        _ = await workshop.processes.kill(key)
        _ = await workshop.processes.ended(key)
        #expect(throws: again) { try workshop.processes.start(workshop.shell("true"), key: key) }
        #expect(workshop.processes.forget(key))
        #expect(try await workshop.run(workshop.shell("true"), key: "same").end.exitCode == 0)
    }
}
