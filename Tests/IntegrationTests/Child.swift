import Glibc
import TestSupport

/// A process that a test started, and has to wait for.
struct Child: Sendable {
    enum End: Sendable, Equatable {
        case exited(CInt)
        case killed(CInt)
    }

    /// It stays the process's own until ``reap()``.
    let pid: pid_t

    /// - Parameters:
    ///   - arguments: The program, found through `PATH`, and what it is given.
    ///   - environment: All of it: nothing is inherited.
    ///   - output: The file to which standard output and error are appended. Standard input is `/dev/null`.
    init(_ arguments: [String], environment: [String: String] = [:], output: String) throws {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, output, O_WRONLY | O_CREAT | O_APPEND, 0o644)
        posix_spawn_file_actions_adddup2(&actions, STDOUT_FILENO, STDERR_FILENO)
        // The sockets of other tests are not closed at exec. Those that are not open do no harm.
        for descriptor in 3..<CInt(1024) { posix_spawn_file_actions_addclose(&actions, descriptor) }
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var (none, all) = (sigset_t(), sigset_t())
        sigemptyset(&none)
        sigfillset(&all)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setsigdefault(&attributes, &all)
        posix_spawnattr_setflags(&attributes, CShort(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))
        let variables = Self.environment.merging(environment) { _, own in own }.map { "\($0)=\($1)" }
        var pid: pid_t = 0
        let status = Self.withStrings(arguments) { arguments in
            Self.withStrings(variables) { posix_spawnp(&pid, arguments[0]!, &actions, &attributes, arguments, $0) }
        }
        guard status == 0 else { throw SystemFailure("start \(arguments[0])", status) }
        self.pid = pid
    }

    private static let environment = [
        "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8", "TZ": "UTC",
    ]

    private static func withStrings<Result>(
        _ strings: [String],
        _ body: (UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>) -> Result
    ) -> Result {
        var pointers = strings.map { strdup($0) } + [nil]
        defer { for pointer in pointers { free(pointer) } }
        return pointers.withUnsafeMutableBufferPointer { body($0.baseAddress!) }  // it holds the nil at least
    }

    func signal(_ number: CInt) {
        kill(pid, number)
    }

    /// Blocks until the process has ended, and leaves it to be reaped.
    func waitForEnd() {
        var info = siginfo_t()
        while waitid(P_PID, id_t(pid), &info, WEXITED | WNOWAIT) != 0, errno == EINTR {}
    }

    /// Blocks until the process has ended. From then on the number may be another's.
    func reap() -> End {
        var status: CInt = 0
        while waitpid(pid, &status, 0) < 0, errno == EINTR {}
        let signal = status & 0x7F
        return signal == 0 ? .exited((status >> 8) & 0xFF) : .killed(signal)
    }

    /// Runs a program to its end, which cancellation brings about, and answers all that it said.
    static func run(
        _ arguments: [String],
        environment: [String: String] = [:],
        in folder: TemporaryFolder
    ) async throws -> (end: End, output: String) {
        let output = folder.path + "/output-\(UInt64.random(in: .min ... .max))"
        let child = try Child(arguments, environment: environment, output: output)
        let end = try await withTaskCancellationHandler {
            try await onOwnThread { child.waitForEnd() }
            return child.reap()
        } onCancel: {
            child.signal(SIGKILL)
        }
        return (end, try readFile(output))
    }
}

/// Whether a process has ended, though perhaps nobody has taken note of it yet.
func isDead(_ pid: pid_t) throws -> Bool {
    let status = try readFile("/proc/\(pid)/stat")
    return status.isEmpty || status.contains(") Z ")
}

/// A whole file as text; empty where there is none.
func readFile(_ path: String) throws -> String {
    let file = open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else {
        if errno == ENOENT { return "" }
        throw SystemFailure("open \(path)")
    }
    defer { close(file) }
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 64 << 10)
    while true {
        let count = read(file, &buffer, buffer.count)
        // A process that has gone meanwhile.
        if count < 0, errno == ESRCH { return "" }
        guard count >= 0 else { throw SystemFailure("read \(path)") }
        guard count > 0 else { return String(decoding: bytes, as: UTF8.self) }
        bytes += buffer.prefix(count)
    }
}

func writeFile(_ path: String, _ text: String, mode: mode_t = 0o600) throws {
    let file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode)
    guard file >= 0 else { throw SystemFailure("make \(path)") }
    defer { close(file) }
    var bytes = Array(text.utf8)
    guard write(file, &bytes, bytes.count) == bytes.count else { throw SystemFailure("write \(path)") }
}
