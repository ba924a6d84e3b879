import CLinux
import Glibc

/// Every process that the agent has started.
///
/// It lives as long as the agent, ends no process by itself, and keeps one record for each until its owner has forgotten
/// it: what happens while a part of the agent restarts is there when that part comes back. One thread waits for all of
/// them; while nothing happens, it does nothing.
///
/// If it goes away nevertheless, the processes go on, but find their output closed, and nobody waits for them.
///
/// A process that ends is waited for at once. It is over when its output is closed too, or
/// ``ProcessSpecification/outputGrace`` after its end: what it left in the background never delays that, and finds its
/// output closed then.
///
/// A process may hand over to another: if it ends while the last `MAINPID=` that it told (``NotifyState/mainPID``) names
/// a living process of its ``ProcessTree``, that one takes its place. Signals go to it, and its end is the one that is
/// told; with its exit status where it was left to the agent (``adoptOrphans()``), else as ``ProcessEnd/Reason/unknown``.
package final class Processes: Sendable {
    let table = ProcessTable()
    private let kills = KillTable()
    private let scans = ProcessScans()
    let poller: Poller
    private let lingering: LingeringCgroups
    private let cgroups: CgroupTree
    let clocks: ProcessClocks

    /// - Parameters:
    ///   - now: The date in milliseconds since 1970.
    ///   - clock: Measures how long processes run; nobody waits on it.
    ///   - cgroups: Where each process gets a cgroup of its own.
    ///
    /// Throws if there are no descriptors or threads left.
    package init(
        now: @escaping @Sendable () -> Int64,
        clock: any Clock<Duration>,
        cgroups: CgroupTree = CgroupTree(without: "none was asked for")
    ) throws(StartError) {
        poller = try Poller()
        lingering = LingeringCgroups(poller: poller)
        self.cgroups = cgroups
        clocks = ProcessClocks(now: now, elapsed: clock.stopwatch())
        try WatchingThread.start(table, kills, lingering, poller, clocks)
    }

    deinit {
        table.stop()
        poller.wake()
    }

    /// Lets the agent have up to 65,536 descriptors open, if the host allows it that many: each process takes up to six.
    /// For the whole Unix process and for good; processes that are started get the limit as it was before.
    package static func raiseDescriptorLimit() {
        DescriptorLimit.raise()
    }

    /// Whether `/proc` tells of the agent's processes. If not, as it is not there or that of another PID namespace, a kill
    /// reaches just the process group, nothing is known to be left, and nobody can take over by `MAINPID=`.
    package static var seesProcesses: Bool { ProcessStatus.isAvailable }

    /// Makes the agent the parent of all orphans among the descendants of its processes, and waits for those that end:
    /// nothing that they left behind stays as a zombie, and ``kill(_:within:)`` sees them. For the whole Unix process
    /// and for good; handles SIGCHLD. Processes that the agent's own session gets from elsewhere are left alone.
    package func adoptOrphans() throws(StartError) {
        let signals = clinux_child_signals()
        guard signals >= 0 else { throw StartError(.descriptors, errno: -signals) }
        let watched = poller.watch(signals, for: Occurrence(.childSignal), edges: true)
        guard watched == 0 || watched == EEXIST else { throw StartError(.descriptors, errno: watched) }
        let result = clinux_become_subreaper()
        guard result == 0 else { throw StartError(.process, errno: -result) }
    }

    /// Starts a process, in a session of its own. Answers when it executes its program.
    ///
    /// The key must not be in use: neither by a process that runs nor by one that is not forgotten yet.
    @discardableResult
    package func start(_ specification: ProcessSpecification, key: ProcessKey) throws(StartError) -> ChildRecord {
        guard table.reserve(key) else { throw StartError(.key, errno: EEXIST, detail: "\(key) is in use") }
        let startedAt = clocks.now()
        let started = clocks.elapsed()
        let process: LaunchedProcess
        var place = specification.cgroup.flatMap { cgroups.make($0.name, $0.limits) }
        do {
            process = try launch(specification, in: &place)
        } catch {
            if let place { lingering.release(place.cgroup) }
            table.release(key)
            throw error
        }
        let record = ChildRecord(
            key: key,
            pid: process.pid,
            startTicks: process.startTicks,
            startedAt: startedAt,
            cgroup: place?.cgroup,
            unenforced: place?.unenforced ?? specification.cgroup?.limits.kinds ?? [],
            state: .running,
            output: specification.output?.prepare() ?? OutputCounts()
        )
        try watch(table.insert(record, WatchedProcess(process, specification, record, started)), process)
        return record
    }

    /// Without a cgroup, where the kernel does not let it begin in that.
    private func launch(
        _ specification: ProcessSpecification,
        in place: inout (cgroup: Cgroup, unenforced: [CgroupLimits.Kind])?
    ) throws(StartError) -> LaunchedProcess {
        guard let cgroup = place?.cgroup else { return try Launcher.launch(specification) }
        do {
            return try Launcher.launch(specification, in: cgroup)
        } catch {
            guard error.stage == .cgroup else { throw error }
        }
        place = nil
        lingering.release(cgroup)
        return try Launcher.launch(specification)
    }

    /// From the last call on, the descriptors are the watching thread's.
    private func watch(_ id: UInt64, _ process: LaunchedProcess) throws(StartError) {
        var number = poller.watch(process.output, for: Occurrence(.output, id))
        if number == 0 { number = poller.watch(process.error, for: Occurrence(.error, id)) }
        if number == 0, process.notices >= 0 { number = poller.watch(process.notices, for: Occurrence(.notice, id)) }
        if number == 0 { number = poller.watch(process.pidfd, for: Occurrence(.end, id), once: true) }
        guard number != 0 else { return }
        _ = clinux_pidfd_signal(process.pidfd, SIGKILL)
        var waited = pollfd(fd: process.pidfd, events: Int16(POLLIN), revents: 0)
        poll(&waited, 1, -1)
        table.abandon(id)
        poller.wake()
        throw StartError(.descriptors, errno: number)
    }

    /// What is known of a process; `nil` if it was never started or is forgotten.
    package func record(_ key: ProcessKey) -> ChildRecord? {
        table.record(key)
    }

    /// All that are not forgotten, in no order.
    package var records: [ChildRecord] { table.records }

    /// Drops the record of a process that is over, after its owner has noted the end. Whether there was one.
    @discardableResult
    package func forget(_ key: ProcessKey) -> Bool {
        guard let record = table.forget(key) else { return false }
        if let cgroup = record.cgroup { lingering.release(cgroup) }
        return true
    }

    /// What an agent before this one has left of processes, by what only they had: the entries of their environment, or
    /// cgroups whose names begin so. The caller has to know that the host has not booted since.
    package func leftovers(marks: [String], cgroups prefix: String) -> ProcessTree {
        // No pid: the kernel may have given the old one to somebody else.
        ProcessTree(pid: -1, startTicks: 0, marks: marks, cgroups: cgroups.cgroups(withPrefix: prefix))
    }

    /// Waits until a process is over. `nil` if it is not known, or if the task is cancelled.
    package func ended(_ key: ProcessKey) async -> ProcessEnd? {
        await table.ended(key)
    }

    /// The records of all processes that are over and not forgotten, then of each that comes to its end.
    ///
    /// Each caller gets its own stream and misses nothing; what it does not take waits for it, a record each.
    package func ends() -> AsyncStream<ChildRecord> {
        table.ends()
    }

    /// Waits until the spool holds something behind `position`, or will get no more (``OutputCounts/isComplete``).
    /// `nil` if the process is not known, or if the task is cancelled.
    package func output(_ key: ProcessKey, beyond position: SpoolPosition) async -> OutputCounts? {
        await table.output(key, beyond: position)
    }

    /// Waits until the process has said something beyond `version` (``NotifyState/version``; 0: anything at all). What it
    /// said while nobody waited is there at once.
    ///
    /// `nil` if the process is not known or over (its record has what it said last), or if the task is cancelled.
    package func notices(_ key: ProcessKey, beyond version: UInt64) async -> NotifyState? {
        await table.notices(key, beyond: version)
    }

    /// Signals the process, with its process group (what it started and did not move elsewhere) or alone. One that took
    /// over has the group that it leads, or that of the process which was started; in any other it is signalled alone.
    ///
    /// Whether it was sent: `false` if the process has ended or is not known.
    @discardableResult
    package func signal(_ key: ProcessKey, _ signal: CInt, toGroup: Bool = true) -> Bool {
        table.signal(key, signal, toGroup: toGroup)
    }

    /// Types something on the terminal of a process. How many bytes of it: fewer than all, or none, as long as the process
    /// reads too little of what was typed before. `nil` if it has no terminal (any more).
    package func type(_ key: ProcessKey, _ bytes: [UInt8]) -> Int? {
        let count = table.withTerminal(key) { terminal in
            let count = write(terminal, bytes, bytes.count)
            return count < 0 && (errno == EAGAIN || errno == EINTR) ? 0 : count
        }
        return count.flatMap { $0 < 0 ? nil : $0 }
    }

    /// Gives the terminal of a process another size, and tells the process. Whether it has one.
    package func resize(_ key: ProcessKey, _ size: TerminalSize) -> Bool {
        table.withTerminal(key) { clinux_terminal_resize($0, size.columns, size.rows) == 0 } ?? false
    }

    /// Ends a process and all that it started (``ProcessTree``) by SIGKILL, also what is left of one that has ended.
    ///
    /// Answers when nothing of it lives or the time is over: those that still live then, mostly because they wait for
    /// a device that does not answer. The end of the process itself is told as any other.
    package func kill(_ key: ProcessKey, within limit: Duration = .seconds(5)) async -> [Survivor] {
        guard let tree = table.tree(key) else { return [] }
        // Only where nothing else can be found: who is found by its parents has to be so before these are dead.
        if !Self.seesProcesses || !Self.hasDescriptors { table.signal(key, SIGKILL, toGroup: true) }
        return await kill(tree, within: limit)
    }

    /// Without one nobody can be looked for.
    private static var hasDescriptors: Bool {
        let descriptor = open("/", O_RDONLY | O_CLOEXEC)
        if descriptor >= 0 { close(descriptor) }
        return descriptor >= 0
    }

    /// The same for ``leftovers(marks:cgroups:)``; their cgroups are removed.
    package func kill(leftovers tree: ProcessTree, within limit: Duration = .seconds(5)) async -> [Survivor] {
        let survivors = await kill(tree, within: limit)
        for cgroup in tree.cgroups { lingering.release(cgroup) }
        return survivors
    }

    private func kill(_ tree: ProcessTree, within limit: Duration) async -> [Survivor] {
        await TreeKill(tree: tree, scans: scans, kills: kills, poller: poller).run(within: limit)
    }
}

extension WatchedProcess {
    init(
        _ process: LaunchedProcess,
        _ specification: ProcessSpecification,
        _ record: ChildRecord,
        _ started: Duration
    ) {
        self.init(
            main: MainProcess(pid: process.pid, startTicks: process.startTicks, pidfd: process.pidfd),
            tree: ProcessTree(
                pid: process.pid,
                startTicks: process.startTicks,
                marks: specification.marks,
                cgroups: record.cgroup.map { [$0] } ?? []
            ),
            output: process.output,
            error: process.error,
            hasTerminal: process.hasTerminal,
            notices: process.notices,
            notifyPath: specification.notifySocket?.path,
            spool: specification.output,
            counts: record.output,
            outputGrace: specification.outputGrace,
            startedAt: record.startedAt,
            started: started
        )
    }
}
