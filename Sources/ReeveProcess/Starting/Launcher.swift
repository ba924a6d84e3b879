import CLinux
import Glibc

/// A process that has just begun, with what its owner has to close.
struct LaunchedProcess {
    let pid: pid_t
    let pidfd: CInt
    /// The reading ends of its output and error streams; they do not block.
    let output: CInt
    let error: CInt
    /// Whether `output` is a terminal's, which can be written to as well.
    let hasTerminal: Bool
    /// Its notify socket; -1: none.
    let notices: CInt
    let startTicks: UInt64
}

/// Turns a specification into a process.
enum Launcher {
    static func launch(
        _ specification: ProcessSpecification,
        in place: Cgroup? = nil
    ) throws(StartError) -> LaunchedProcess {
        try check(specification)
        let specification = withDescriptorLimit(specification)
        let streams = try StandardStreams.make(specification.standardInput, of: specification.user)
        let cgroup = try openCgroup(place?.path)
        let paths = candidates(for: specification)
        let socket = try Self.makeSocket(specification)
        var request = clinux_spawn()
        request.input = streams.input.raw
        request.output = streams.outputNumber
        request.error = streams.errorNumber
        request.has_terminal = streams.isTerminal ? 1 : 0
        request.cgroup = cgroup.raw
        request.umask = specification.umask.map { CInt($0 & 0o777) } ?? -1
        request.has_nice = specification.nice == nil ? 0 : 1
        request.nice = CInt(clamping: specification.nice ?? 0)
        let (pid, startTicks) = try ChildCensus.starting { () throws(StartError) -> (pid_t, UInt64) in
            try spawn(&request, specification, paths, place)
            // Read before anybody may wait for it: its pid is its own until then.
            return (request.pid, ProcessStatus(pid: request.pid)?.startTicks ?? 0)
        }
        let hasTerminal = streams.isTerminal
        let (output, error) = streams.takeReading()
        return LaunchedProcess(
            pid: pid,
            pidfd: request.pidfd,
            output: output,
            error: error,
            hasTerminal: hasTerminal,
            notices: socket?.take() ?? -1,
            startTicks: startTicks
        )
    }

    static func check(_ specification: ProcessSpecification) throws(StartError) {
        guard !specification.arguments.isEmpty else {
            throw StartError(.arguments, errno: EINVAL, detail: "there is no command")
        }
        let texts = specification.arguments + specification.environment + [specification.workingDirectory]
        guard !texts.contains(where: { $0.utf8.contains(0) }), specification.executable?.utf8.contains(0) != true else {
            throw StartError(.arguments, errno: EINVAL, detail: "one of them has a zero byte")
        }
    }

    static func withDescriptorLimit(_ specification: ProcessSpecification) -> ProcessSpecification {
        guard let limit = DescriptorLimit.ofPrograms else { return specification }
        var specification = specification
        if !specification.limits.contains(where: { $0.resource == .openFiles }) { specification.limits.append(limit) }
        return specification
    }

    static func makeSocket(_ specification: ProcessSpecification) throws(StartError) -> NotifySocket? {
        guard let socket = specification.notifySocket else { return nil }
        return try NotifySocket.make(socket, for: specification.user)
    }

    private static func openCgroup(_ path: String?) throws(StartError) -> Descriptor {
        guard let path else { return Descriptor(-1) }
        let folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard folder >= 0 else { throw StartError(.cgroup, errno: errno, path: path) }
        return Descriptor(folder)
    }

    /// The paths to try, in order. Only absolute folders of `PATH` count: what runs must not depend on where it runs.
    static func candidates(for specification: ProcessSpecification) -> [String] {
        let command = specification.executable ?? specification.arguments.first ?? ""
        if command.utf8.contains(UInt8(ascii: "/")) { return [command] }
        guard !command.isEmpty else { return [] }
        let path = specification.environment.last { $0.hasPrefix("PATH=") }?.dropFirst(5) ?? ""
        return path.split(separator: ":").filter { $0.hasPrefix("/") }.map { "\($0)/\(command)" }
    }

    private static func spawn(
        _ request: inout clinux_spawn,
        _ specification: ProcessSpecification,
        _ paths: [String],
        _ place: Cgroup?
    ) throws(StartError) {
        let arguments = CStrings(specification.arguments)
        let environment = CStrings(specification.environment)
        let executables = CStrings(paths)
        var others = [specification.workingDirectory]
        if case .file(let path) = specification.standardInput { others.append(path) }
        let places = CStrings(others)
        let limits = specification.limits.map {
            clinux_limit(resource: $0.resource.number, soft: $0.soft, hard: $0.hard)
        }
        request.arguments = UnsafePointer(arguments.pointers)
        request.environment = UnsafePointer(environment.pointers)
        request.directory = UnsafePointer(places.pointers[0])
        request.input_path = UnsafePointer(places.pointers[1])
        if let user = specification.user {
            request.has_user = 1
            request.user = user.user
            request.group = user.group
        }
        let groups = specification.user?.groups ?? []
        var filled = request
        let result = limits.withUnsafeBufferPointer { limits in
            groups.withUnsafeBufferPointer { groups in
                filled.limits = limits.baseAddress
                filled.limit_count = limits.count
                filled.groups = groups.baseAddress
                filled.group_count = groups.count
                return UnsafeMutableRawPointer(executables.pointers).withMemoryRebound(
                    to: UnsafePointer<CChar>?.self,
                    capacity: paths.count + 1
                ) { paths in
                    filled.paths = UnsafePointer(paths)
                    return clinux_spawn(&filled)
                }
            }
        }
        withExtendedLifetime(arguments) {}
        withExtendedLifetime(environment) {}
        withExtendedLifetime(executables) {}
        withExtendedLifetime(places) {}
        request = filled
        if result < 0 { throw failure(of: request, specification, paths, place) }
    }

    private static func failure(
        of request: clinux_spawn,
        _ specification: ProcessSpecification,
        _ paths: [String],
        _ place: Cgroup?
    ) -> StartError {
        let number = request.error_number
        // One call makes the process and puts it into its cgroup: these are what only the latter is answered by.
        let isCgroup = place != nil && [EACCES, EBUSY, EOPNOTSUPP, ENODEV].contains(number)
        let stage = request.stage == clinux_stage_clone && isCgroup ? .cgroup : StartError.Stage(request.stage)
        switch stage {
        case .execute: return executeFailure(number, specification, paths, tried: request.index)
        case .cgroup: return StartError(stage, errno: number, path: place?.path)
        case .workingDirectory: return StartError(stage, errno: number, path: specification.workingDirectory)
        case .limit:
            return StartError(stage, errno: number, path: specification.limits[request.index].resource.rawValue)
        case .standardInput:
            guard case .file(let path) = specification.standardInput else { break }
            return StartError(stage, errno: number, path: path)
        default: break
        }
        return StartError(stage, errno: number)
    }

    static func executeFailure(
        _ number: CInt,
        _ specification: ProcessSpecification,
        _ paths: [String],
        tried index: Int
    ) -> StartError {
        let command = specification.executable ?? specification.arguments[0]
        guard number == ENOENT else {
            return StartError(.execute, errno: number, path: paths.indices.contains(index) ? paths[index] : command)
        }
        if paths == [command] {
            // The kernel says the same of a script whose interpreter is missing.
            let isThere = command.hasPrefix("/") && access(command, F_OK) == 0
            let detail = isThere ? "the interpreter that it names does not exist" : nil
            return StartError(.execute, errno: number, path: command, detail: detail)
        }
        let path = specification.environment.last { $0.hasPrefix("PATH=") } ?? "there is no PATH"
        return StartError(.execute, errno: number, path: command, detail: "\(errorText(number)) (\(path))")
    }
}
