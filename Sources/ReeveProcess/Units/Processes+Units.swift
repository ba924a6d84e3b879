import CLinux
import Glibc

/// Processes that somebody else has started for the agent. They are among the others in all but their end, which is told
/// when their ``UnitManager`` tells it.
extension Processes {
    /// Starts a process as a unit. Answers when it executes its program.
    ///
    /// Its output is ours as that of any other, but for this: while no agent is there, it waits as soon as what it wrote
    /// fills a pipe (64 KiB), and ``UnitHost/keeper`` keeps even what a process that has ended meanwhile wrote.
    @discardableResult
    package func start(
        _ specification: ProcessSpecification,
        key: ProcessKey,
        as unit: UnitIdentity,
        by host: UnitHost
    ) async throws(StartError) -> ChildRecord {
        guard table.reserve(key) else { throw StartError(.key, errno: EEXIST, detail: "\(key) is in use") }
        do throws(StartError) {
            try Launcher.check(specification)
            let specification = Launcher.withDescriptorLimit(specification)
            let executable = try Self.executable(of: specification)
            let output = try Pipe()
            let error = try Pipe()
            let input = try StandardStreams.open(specification.standardInput)
            let socket = try Launcher.makeSocket(specification)
            _ = host.keeper?.keep(output.reading.raw, as: unit.outputName)
            _ = host.keeper?.keep(error.reading.raw, as: unit.errorName)
            let notices = Self.number(of: socket)
            if notices >= 0 { _ = host.keeper?.keep(notices, as: unit.noticesName) }
            let state: UnitState
            do throws(StartError) {
                let outputEnd = try output.bothWays()
                let errorEnd = try error.bothWays()
                state = try await host.manager.start(
                    UnitSpecification(
                        name: unit.name,
                        description: unit.description,
                        process: specification,
                        executable: executable,
                        input: input.raw,
                        output: outputEnd.raw,
                        error: errorEnd.raw,
                        properties: unit.properties
                    )
                )
            } catch {
                if !error.isUndecided { for name in unit.keptNames { host.keeper?.drop(name) } }
                throw error
            }
            return take(
                state,
                specification,
                key,
                unit.name,
                (output.takeReading(), error.takeReading(), socket?.take() ?? -1),
                host.manager
            )
        } catch {
            table.release(key)
            throw error
        }
    }

    /// Takes up a process that an agent before this one has started as a unit. `nil`: there is no such unit.
    ///
    /// - Parameter specification: As it was then; of it matter where the output goes and how to know what it started.
    package func takeUp(
        _ specification: ProcessSpecification,
        key: ProcessKey,
        as unit: UnitIdentity,
        by host: UnitHost
    ) async throws(StartError) -> ChildRecord? {
        guard let state = try await host.manager.state(unit.name) else { return nil }
        if state.isStarting {
            throw StartError(.serviceManager, errno: EAGAIN, detail: "systemd has not come to start it")
        }
        guard state.pid != 0 else {
            host.release(unit)
            return nil
        }
        guard table.reserve(key) else { throw StartError(.key, errno: EEXIST, detail: "\(key) is in use") }
        var specification = specification
        specification.output?.isTakenUp = true
        do throws(StartError) {
            var notices = host.keeper?.take(unit.noticesName) ?? -1
            if notices < 0, let socket = try Launcher.makeSocket(specification) { notices = socket.take() }
            let output = host.keeper?.take(unit.outputName) ?? Self.pipe(1, of: state)
            let error = host.keeper?.take(unit.errorName) ?? Self.pipe(2, of: state)
            return take(
                state,
                specification,
                key,
                unit.name,
                (output, error, notices),
                host.manager
            )
        } catch {
            table.release(key)
            throw error
        }
    }

    /// From here on the descriptors are the watching thread's.
    private func take(
        _ state: UnitState,
        _ specification: ProcessSpecification,
        _ key: ProcessKey,
        _ unit: String,
        _ descriptors: (output: CInt, error: CInt, notices: CInt),
        _ manager: any UnitManager
    ) -> ChildRecord {
        let cgroup = state.cgroup.map(Cgroup.init(path:))
        var tree = ProcessTree(
            pid: -1,
            startTicks: 0,
            marks: specification.marks,
            cgroups: cgroup.map { [$0] } ?? []
        )
        // Where it has ended, its pid may be another's.
        let member = state.isRunning ? MainProcess.member(state.pid, of: tree) : nil
        if let member {
            tree = ProcessTree(
                pid: member.pid,
                startTicks: member.startTicks,
                marks: tree.marks,
                cgroups: tree.cgroups
            )
        }
        let now = clocks.now()
        var counts = specification.output?.prepare() ?? OutputCounts()
        counts.isCut = descriptors.output < 0 || descriptors.error < 0
        let record = ChildRecord(
            key: key,
            pid: state.pid,
            startTicks: tree.startTicks,
            startedAt: state.startedAt > 0 ? state.startedAt : now,
            // It is not ours to remove.
            cgroup: nil,
            unenforced: Self.unenforced(specification.cgroup?.limits, cgroup),
            state: .running,
            output: counts
        )
        let watched = WatchedProcess(
            main: member ?? MainProcess(pid: state.pid, startTicks: 0, pidfd: -1),
            tree: tree,
            output: descriptors.output,
            error: descriptors.error,
            hasTerminal: false,
            notices: descriptors.notices,
            notifyPath: specification.notifySocket?.path,
            spool: specification.output,
            counts: record.output,
            outputGrace: specification.outputGrace,
            startedAt: record.startedAt,
            started: clocks.elapsed() - .milliseconds(max(0, now - record.startedAt)),
            isForeign: true
        )
        let id = table.insert(record, watched)
        for (descriptor, kind) in [
            (descriptors.output, Occurrence.Kind.output), (descriptors.error, .error), (descriptors.notices, .notice),
        ] where descriptor >= 0 {
            // Without memory for it: the process is there all the same, and its end is heard of.
            _ = poller.watch(descriptor, for: Occurrence(kind, id))
        }
        manager.watch(unit) { [table, poller] state in
            table.foreignEnded(id, state?.end)
            poller.wake()
        }
        return record
    }

    private static func unenforced(_ limits: CgroupLimits?, _ cgroup: Cgroup?) -> [CgroupLimits.Kind] {
        guard let limits, let cgroup, access(cgroup.path, F_OK) == 0 else { return [] }
        return limits.kinds.filter { kind in
            limits.file(kind).map { access("\(cgroup.path)/\($0.name)", F_OK) != 0 } ?? false
        }
    }

    private static func number(of socket: borrowing NotifySocket?) -> CInt {
        switch socket {
        case .some(let socket): socket.raw
        case .none: -1
        }
    }

    private static func executable(of specification: ProcessSpecification) throws(StartError) -> String {
        let paths = Launcher.candidates(for: specification)
        var number = ENOENT
        for path in paths {
            let whole = path.hasPrefix("/") ? path : "\(specification.workingDirectory)/\(path)"
            var status = stat()
            if stat(whole, &status) != 0 {
                if errno != ENOENT { number = errno }
            } else if status.st_mode & S_IFMT == S_IFREG, status.st_mode & 0o111 != 0 {
                // Whether its user may execute it is for the kernel to say.
                return whole
            } else {
                number = EACCES
            }
        }
        throw Launcher.executeFailure(number, specification, paths, tried: 0)
    }

    /// The pipe that a process writes to, by way of its own descriptor; -1: there is none any more.
    ///
    /// Only one that is open both ways, as ours are: what it has put there in their place, as a shell does with `| tee`,
    /// is another's.
    private static func pipe(_ number: Int, of state: UnitState) -> CInt {
        let facts = readFile("/proc/\(state.pid)/fdinfo/\(number)", limit: 4096) ?? []
        let flags = String(decoding: facts, as: UTF8.self).split(whereSeparator: \.isNewline)
            .first { $0.hasPrefix("flags:") }?.split(whereSeparator: \.isWhitespace).last.flatMap { Int($0, radix: 8) }
        guard state.isRunning, let flags, CInt(truncatingIfNeeded: flags) & O_ACCMODE == O_RDWR else { return -1 }
        let pipe = open("/proc/\(state.pid)/fd/\(number)", O_RDONLY | O_NONBLOCK | O_CLOEXEC)
        guard pipe >= 0 else { return -1 }
        var status = stat()
        if fstat(pipe, &status) == 0, status.st_mode & S_IFMT == S_IFIFO { return pipe }
        close(pipe)
        return -1
    }
}

extension Pipe {
    /// The writing end, opened to be read as well: who has it never finds that nobody reads. So a process waits, and is
    /// not killed, while the agent that reads from it is not there.
    borrowing func bothWays() throws(StartError) -> Descriptor {
        let opened = open("/proc/self/fd/\(writing.raw)", O_RDWR | O_CLOEXEC)
        guard opened >= 0 else { throw StartError(.descriptors, errno: errno) }
        return Descriptor(opened)
    }
}
