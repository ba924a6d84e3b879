import Glibc
import Testing

@testable import ReeveProcess

@Suite(.timeLimit(.minutes(5))) struct StartTests {
    let workshop: Workshop

    init() throws {
        workshop = try Workshop()
    }

    @Test func `the environment is exactly what is given`() async throws {
        let environment = ["A=1", "B=two words", "C=", "PATH=/usr/bin"]
        let specification = ProcessSpecification(
            arguments: ["env"],
            environment: environment,
            output: workshop.spool()
        )
        #expect(try await workshop.run(specification).text == environment.joined(separator: "\n") + "\n")
    }

    @Test func `arguments are passed as they are, whatever the file's name`() async throws {
        let specification = ProcessSpecification(
            arguments: ["another name", "-c", #"printf '%s|' "$0" "$@""#, "a b", "", "*", "ü"],
            executable: "/bin/sh",
            output: workshop.spool()
        )
        #expect(try await workshop.run(specification).text == "a b||*|ü|")
    }

    @Test func `a command without a slash is found in the absolute folders of its own PATH`() async throws {
        workshop.write("#!/bin/sh\necho mine\n", to: "tool", mode: 0o755)
        let specification = ProcessSpecification(
            arguments: ["tool"],
            environment: ["PATH=:relative:/nonexistent:\(workshop.folder)"],
            output: workshop.spool()
        )
        #expect(try await workshop.run(specification).text == "mine\n")
    }

    @Test func `scripts can be executed as soon as they are written, however many start at once`() async throws {
        try await withThrowingTaskGroup(of: Int32?.self) { [workshop] group in
            for number in 0..<100 {
                group.addTask {
                    workshop.write("#!/bin/sh\nexit \(number)\n", to: "script-\(number)", mode: 0o755)
                    var specification = workshop.shell("", name: "output-\(number)")
                    specification.arguments = ["./script-\(number)"]
                    return try await workshop.run(specification, key: "\(number)").end.exitCode
                }
            }
            let codes = try await group.reduce(into: Set<Int32?>()) { $0.insert($1) }
            #expect(codes == Set((0..<100).map { Int32($0) }))
        }
    }

    @Test func `a path is seen from the working directory`() async throws {
        workshop.write("#!/bin/sh\npwd -P\n", to: "tool", mode: 0o755)
        var specification = workshop.shell("")
        specification.arguments = ["./tool"]
        #expect(try await workshop.run(specification).text == workshop.folder + "\n")
    }

    @Test func `the agent's own limit of descriptors is raised, that of its processes is not`() async throws {
        var specification = workshop.shell("")
        specification.arguments = [FirstProcessTests.program, workshop.folder, "limit"]
        #expect(try await workshop.run(specification).text == "own: 2000\nits: 200 2000\ngiven: 100 150\n")
    }

    @Test func `umask, nice and limits are set`() async throws {
        var specification = workshop.shell("umask; nice; ulimit -Sn; ulimit -Hn; ulimit -c")
        specification.umask = 0o027
        specification.nice = 7
        specification.limits = [ResourceLimit(.openFiles, soft: 100, hard: 200), ResourceLimit(.core, 0)]
        #expect(try await workshop.run(specification).text == "0027\n7\n100\n200\n0\n")
    }

    @Test func `each gets a session of its own`() async throws {
        let result = try await workshop.run(workshop.shell("cut -d' ' -f5,6 /proc/$$/stat"))
        let pid = try #require(workshop.processes.record(ProcessKey("main"))?.pid)
        #expect(result.text == "\(pid) \(pid)\n")
    }

    @Test func `signals are neither ignored nor blocked`() async throws {
        signal(SIGPIPE, SIG_IGN)
        var specification = workshop.shell("")
        specification.arguments = ["/bin/cat", "/proc/self/status"]
        let lines = try await workshop.run(specification).text.split(separator: "\n")
        for name in ["SigBlk", "SigIgn", "SigCgt"] {
            #expect(lines.contains("\(name):\t0000000000000000"))
        }
    }

    @Test func `no descriptor of ours reaches it`() async throws {
        let leaky = open("/dev/null", O_RDONLY)  // stays open on exec
        defer { close(leaky) }
        var specification = workshop.shell("")
        specification.arguments = ["/bin/ls", "/proc/self/fd"]
        // 3 is the folder that it lists.
        #expect(try await workshop.run(specification).text == "0\n1\n2\n3\n")
    }

    @Test(.enabled(if: getuid() == 0, "only root may become another user"))
    func `the user, its group and just these groups are set before the folder is entered`() async throws {
        chown(workshop.folder, 65534, 65534)
        chmod(workshop.folder, 0o700)
        var specification = workshop.shell("id -u; id -g; id -G; pwd -P")
        specification.user = ProcessUser(user: 65534, group: 65534, groups: [7, 8])
        #expect(try await workshop.run(specification).text == "65534\n65534\n65534 7 8\n\(workshop.folder)\n")
        chown(workshop.folder, 0, 0)
        #expect(throws: StartError(.workingDirectory, errno: EACCES, path: workshop.folder)) {
            try workshop.processes.start(specification, key: ProcessKey("closed"))
        }
    }
}

@Suite(.timeLimit(.minutes(5))) struct StandardInputTests {
    let workshop: Workshop

    init() throws {
        workshop = try Workshop()
    }

    @Test(arguments: [0, 1, 4096, 3_000_000])
    func `bytes are read whole and then it ends`(count: Int) async throws {
        let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8) }
        let specification = ProcessSpecification(
            arguments: ["/bin/cat"],
            standardInput: .bytes(bytes),
            output: workshop.spool(quota: 8 << 20)
        )
        try workshop.processes.start(specification, key: ProcessKey("cat"))
        #expect(await workshop.processes.ended(ProcessKey("cat"))?.exitCode == 0)
        #expect(try SpoolReader(path: workshop.path("output")).read(limit: .max).bytes == bytes)
    }

    @Test func `a file is read`() async throws {
        workshop.write("from a file\n", to: "input")
        var specification = workshop.shell("cat")
        specification.standardInput = .file(workshop.path("input"))
        #expect(try await workshop.run(specification).text == "from a file\n")
    }

    @Test func `nothing is there without one`() async throws {
        #expect(try await workshop.run(workshop.shell("cat; echo $?")).text == "0\n")
    }

    @Test func `a FIFO that nobody writes to does not hold the start`() async throws {
        workshop.makeFIFO("fifo")
        var specification = workshop.shell("cat")
        specification.standardInput = .file(workshop.path("fifo"))
        #expect(try await workshop.run(specification).end.exitCode == 0)
    }
}
