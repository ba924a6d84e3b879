import Glibc
import ReeveProcess

/// What `FirstProcessTests` runs as the first process of a PID namespace: it starts processes that leave orphans behind,
/// and says whether their ends were told right and whether a zombie is left. Where it is not the first, it says whether
/// the end of a process that somebody else has started is left to them.
///
/// Its argument is a folder that it may write to, with two FIFOs: `ready` is written to when others may enter the
/// namespace, and `entered` is read until they have.
@main struct FirstProcess {
    private let processes: Processes
    private let folder: String

    static func main() async throws {
        let processes = try Processes(now: { 0 }, clock: ContinuousClock())
        try processes.adoptOrphans()
        let folder = CommandLine.arguments[1]
        let first = FirstProcess(processes: processes, folder: folder)
        switch CommandLine.arguments.dropFirst(2).first {
        case "descriptors": return try await first.runOutOfDescriptors()
        case "limit": return try await first.raiseLimit()
        case "log": return try await first.logWithoutDescriptors()
        default: break
        }
        print("pid \(getpid()) session \(getsid(0))")
        guard Processes.seesProcesses else { return try await first.killBlindly() }
        print("wrong ends \(try await first.wrongEnds())")
        guard getpid() == 1 else { return print("other's exit code \(try await first.exitCodeOfAnothers())") }
        // Meanwhile others enter the namespace and leave orphans of their own.
        _ = try await first.run("entered", "echo > \(folder)/ready; read x < \(folder)/entered")
        print("zombies left \(try await first.zombies())")
    }

    /// Starts processes until there are no descriptors left, then ends them.
    private func runOutOfDescriptors() async throws {
        var limit = rlimit(rlim_cur: 40, rlim_max: 40)
        setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        var keys: [ProcessKey] = []
        do {
            while true {
                let key = ProcessKey("\(keys.count)")
                try processes.start(ProcessSpecification(arguments: ["/bin/sleep", "1000"]), key: key)
                keys.append(key)
            }
        } catch {
            print(error)
        }
        var ends: [Int32?] = []
        for key in keys {
            _ = await processes.kill(key)
            ends.append(await processes.ended(key)?.signal)
        }
        print("all ended by signal 9: \(!ends.isEmpty && ends.allSatisfy { $0 == SIGKILL })")
        print("then: \(try await run("then", "exit 0")?.exitCode ?? -1)")
    }

    /// Raises its own limit of descriptors, and has processes say theirs.
    private func raiseLimit() async throws {
        var limit = rlimit(rlim_cur: 200, rlim_max: 2000)
        setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        Processes.raiseDescriptorLimit()
        Processes.raiseDescriptorLimit()
        getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        print("own: \(limit.rlim_cur)")
        for (name, limits) in [("its", []), ("given", [ResourceLimit(.openFiles, soft: 100, hard: 150)])] {
            let path = "\(folder)/\(name)"
            var specification = ProcessSpecification(arguments: ["/bin/sh", "-c", "ulimit -Sn; ulimit -Hn"])
            specification.limits = limits
            specification.output = SpoolSpecification(path: path, quota: 1 << 16)
            try processes.start(specification, key: ProcessKey(name))
            _ = await processes.ended(ProcessKey(name))
            let text = String(decoding: try SpoolReader(path: path).read().bytes, as: UTF8.self)
            print("\(name): \(text.split(separator: "\n").joined(separator: " "))")
        }
    }

    /// Two processes write a log, the second also while there are no descriptors to open it with.
    private func logWithoutDescriptors() async throws {
        let log = SpoolSpecification(path: "\(folder)/log", ring: 1 << 18)
        _ = try await run("first", "echo first", log)
        let told = open("\(folder)/told", O_RDWR | O_CLOEXEC)
        let wait = open("\(folder)/wait", O_RDWR | O_CLOEXEC)
        defer { for file in [told, wait] { close(file) } }
        // More than a pipe holds: when this has been written, what stands in front has been read.
        let script =
            "read x < \(folder)/wait; echo lost; head -c 70000 /dev/zero; echo > \(folder)/told; "
            + "read x < \(folder)/wait; echo second"
        var specification = ProcessSpecification(arguments: ["/bin/sh", "-c", script])
        specification.environment = ["PATH=/usr/bin:/bin"]
        specification.output = log
        let key = ProcessKey("second")
        try processes.start(specification, key: key)
        var limit = rlimit()
        getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        var none = limit
        none.rlim_cur = 0
        setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &none)
        var byte: UInt8 = 10
        _ = write(wait, &byte, 1)
        _ = read(told, &byte, 1)
        let trouble = processes.record(key)?.output.spoolError
        setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        _ = write(wait, &byte, 1)
        _ = await processes.ended(key)
        let text = String(decoding: try SpoolReader(path: log.path).read().bytes.filter { $0 != 0 }, as: UTF8.self)
        print("trouble \(trouble ?? 0), kept \(text.split(separator: "\n").joined(separator: " "))")
        let counts = processes.record(key)?.output
        print("then \(counts?.spoolError ?? 0), dropped \(counts?.dropped ?? 0 > 0)")
    }

    /// What is left to do without a `/proc` of this namespace.
    private func killBlindly() async throws {
        let key = ProcessKey("blind")
        let specification = ProcessSpecification(arguments: ["/bin/sleep", "1000"])
        try processes.start(specification, key: key)
        let survivors = await processes.kill(key)
        let signal = await processes.ended(key)?.signal
        print("blind: survivors \(survivors), ended by signal \(signal ?? 0)")
    }

    /// Each process leaves orphans in its session and out of it that end at about the same time, with other codes.
    private func wrongEnds() async throws -> Int {
        try await withThrowingTaskGroup(of: Bool.self) { group in
            for code: Int32 in 0..<100 {
                group.addTask {
                    let script = "(exit 101 &); (setsid sh -c 'exit 102' &); (kill -9 $$ &) ; exit \(code)"
                    let quiet = "(exit 101 &); (setsid sh -c 'exit 102' &); exit \(code)"
                    let end = try await run("\(code)", code % 10 == 9 ? script : quiet)
                    return end?.exitCode == code || (code % 10 == 9 && end?.signal == SIGKILL)
                }
            }
            return try await group.reduce(0) { $0 + ($1 ? 0 : 1) }
        }
    }

    /// Starts a process as a library would, and waits for it when others have ended since.
    private func exitCodeOfAnothers() async throws -> Int32 {
        var pid: pid_t = 0
        let arguments: [UnsafeMutablePointer<CChar>?] = [strdup("sh"), strdup("-c"), strdup("exit 7"), nil]
        defer { for argument in arguments { free(argument) } }
        guard posix_spawn(&pid, "/bin/sh", nil, nil, arguments, nil) == 0 else { return -1 }
        var ended = siginfo_t()
        while waitid(P_PID, id_t(pid), &ended, WEXITED | WNOWAIT) != 0, errno == EINTR {}
        for number in 0..<10 { _ = try await run("after-\(number)", "exit 0") }
        var status: Int32 = 0
        return waitpid(pid, &status, 0) == pid ? (status >> 8) & 0xFF : -1
    }

    /// Whoever ends is one more thing for the thread that waits for orphans: they are gone after some of these.
    private func zombies() async throws -> Int {
        var found = 0
        for number in 0..<1000 {
            let path = "\(folder)/zombies-\(number)"
            let output = SpoolSpecification(path: path, quota: 1 << 16)
            _ = try await run("zombies-\(number)", "exec grep -ls '^State:.Z' /proc/[0-9]*/status", output)
            found = try SpoolReader(path: path).read().bytes.split(separator: UInt8(ascii: "\n")).count
            if found == 0 { return 0 }
        }
        return found
    }

    private func run(_ key: String, _ script: String, _ output: SpoolSpecification? = nil) async throws -> ProcessEnd? {
        let key = ProcessKey(key)
        let specification = ProcessSpecification(
            arguments: ["/bin/sh", "-c", script],
            environment: ["PATH=/usr/bin:/bin"],
            output: output
        )
        try processes.start(specification, key: key)
        return await processes.ended(key)
    }
}
