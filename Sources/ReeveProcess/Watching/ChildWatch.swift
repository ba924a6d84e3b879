import CLinux
import Glibc

/// One process as the watching thread sees it: reads its output, notices its end. Used by that thread only.
final class ChildWatch {
    /// As much as a pipe can hold: what a process wrote before its end is read within this.
    private static let lastReads = 32
    /// How many messages are taken in one turn, so that one process that sends without end leaves the others theirs.
    private static let messagesInTurn = 16
    /// More than a socket holds by default: what a process said before its end is heard within this.
    private static let lastMessages = 1024

    let id: UInt64
    private let process: WatchedProcess
    private let table: ProcessTable
    private let poller: Poller
    private let clocks: ProcessClocks
    private var lifecycle = ChildLifecycle()
    private var spool: SpoolWriter
    private var open: [OutputStream: CInt]
    private var inbox: NotifyInbox?
    /// Descriptors that came through it are being closed: it is not read meanwhile, or there could be ever more of them.
    private var closingRounds = 0
    private var main: MainProcess
    /// The process that takes the place of the main one when that ends.
    private var successor: MainProcess?
    private var followedMainPIDs: UInt64 = 0
    private var tree: ProcessTree
    private var timer: CInt = -1
    private var end: ProcessEnd?
    private var isOver = false
    private var isClosed = false

    init(_ id: UInt64, _ process: WatchedProcess, _ table: ProcessTable, _ poller: Poller, _ clocks: ProcessClocks) {
        self.id = id
        self.process = process
        self.table = table
        self.poller = poller
        self.clocks = clocks
        spool = SpoolWriter(process.spool, counts: process.counts)
        open = [.output: process.output, .error: process.error]
        inbox = process.notifyPath.map { NotifyInbox(descriptor: process.notices, path: $0) }
        main = process.main
        tree = process.tree
    }

    deinit {
        closeAll()
    }

    /// These answer whether the process is over and nothing more is to be heard of it.
    func outputIsReadable(_ stream: OutputStream, _ buffer: UnsafeMutableRawBufferPointer) -> Bool {
        let before = spool.counts
        _ = readOnce(stream, buffer)
        return conclude(before)
    }

    func noticesAreReadable(_ buffer: UnsafeMutableRawBufferPointer) -> Bool {
        if closingRounds == 0 { readNotices(buffer, atMost: Self.messagesInTurn, untilPassed: true) }
        return false
    }

    func processHasEnded(_ buffer: UnsafeMutableRawBufferPointer) -> Bool {
        guard end == nil else { return false }
        readNotices(buffer, atMost: Self.lastMessages, untilPassed: false)
        if let successor {
            if successor.isThere {
                handOver(to: successor)
                return false
            }
            // Whoever started it has waited for it: mostly this one, before its own end.
            dismiss(successor)
        }
        table.willReap(id)
        let duration = clocks.elapsed() - process.started
        switch ChildCensus.reap(main.pid) {
        case .running: return tryAgain()
        case .ended(let ended):
            end = ProcessEnd(ended, startedAt: process.startedAt, duration: duration, together: usedTogether)
        case .lost: end = ProcessEnd(unknownSince: process.startedAt, duration: duration, together: usedTogether)
        }
        return hasEnded(buffer)
    }

    private func hasEnded(_ buffer: UnsafeMutableRawBufferPointer) -> Bool {
        let before = spool.counts
        readRest(buffer)
        act(lifecycle.ended())
        return conclude(before)
    }

    /// What its manager says of it.
    func foreignHasEnded(_ unit: UnitState.End?, _ buffer: UnsafeMutableRawBufferPointer) -> Bool {
        guard end == nil else { return false }
        readNotices(buffer, atMost: Self.lastMessages, untilPassed: false)
        table.willReap(id)
        end = ProcessEnd(
            unit,
            startedAt: process.startedAt,
            duration: clocks.elapsed() - process.started,
            together: usedTogether
        )
        return hasEnded(buffer)
    }

    private var usedTogether: CgroupUsage? { tree.cgroups.first.flatMap(CgroupUsage.init) }

    func successorHasEnded() -> Bool {
        // If the main one has ended too, that will be heard of now, and which of them was first can not be told.
        if let successor, !main.hasEnded { dismiss(successor) }
        return false
    }

    func passedAreClosed() -> Bool {
        closingRounds -= 1
        if closingRounds == 0, let inbox { poller.watchAgain(inbox.descriptor, for: Occurrence(.notice, id)) }
        return false
    }

    func graceIsOver(_ buffer: UnsafeMutableRawBufferPointer) -> Bool {
        let before = spool.counts
        readRest(buffer)
        act(lifecycle.graceIsOver())
        return conclude(before)
    }

    private func act(_ action: ChildLifecycle.Action) {
        switch action {
        case .none: break
        case .beginGrace: beginGrace()
        case .finish: isOver = true
        }
    }

    private func conclude(_ before: OutputCounts) -> Bool {
        if isOver, let end {
            closeAll()
            spool.finish()
            table.finish(id, end, spool.counts)
            return true
        }
        if lifecycle.outputIsClosed { spool.finish() }
        if spool.counts != before { table.publish(id, spool.counts) }
        return false
    }

    /// Reads once, so that every process gets its turn. Whether there may be more.
    private func readOnce(_ stream: OutputStream, _ buffer: UnsafeMutableRawBufferPointer) -> Bool {
        guard let descriptor = open[stream] else { return false }
        let payload = UnsafeMutableRawBufferPointer(rebasing: buffer[SpoolWriter.room...])
        let count = readSome(descriptor, payload)
        if count == -Int(EAGAIN) { return false }
        guard count > 0 else {
            close(stream)
            act(lifecycle.closed(stream))
            return false
        }
        spool.append(stream, from: buffer, count: count, time: clocks.now())
        return true
    }

    private func close(_ stream: OutputStream) {
        guard let descriptor = open.removeValue(forKey: stream) else { return }
        if stream == .output, process.hasTerminal { table.willCloseTerminal(id) }
        poller.close(descriptor)
    }

    private func readRest(_ buffer: UnsafeMutableRawBufferPointer) {
        for stream in OutputStream.allCases {
            for _ in 0..<Self.lastReads where !readOnce(stream, buffer) { break }
        }
    }

    /// - Parameter untilPassed: Whether to leave the rest for later where descriptors come with a message. What has ended
    ///   sends no more, so that there can not be ever more of them.
    private func readNotices(_ buffer: UnsafeMutableRawBufferPointer, atMost limit: Int, untilPassed: Bool) {
        var passed: [CInt] = []
        for _ in 0..<limit {
            guard let message = inbox?.receive(buffer) else { break }
            passed += message.descriptors
            if message.isKnown, let state = inbox?.state {
                table.publish(id, state)
                if end == nil { followMainPID(state) }
            }
            if untilPassed, !passed.isEmpty { break }
        }
        if !passed.isEmpty { closePassed(passed) }
    }

    private func closePassed(_ descriptors: [CInt]) {
        guard let inbox else { return }
        closingRounds += 1
        poller.pause(inbox.descriptor)
        ReeveProcess.closePassed(descriptors) { [id, table, poller] in
            table.passedAreClosed(id)
            poller.wake()
        }
    }

    /// Finds the process that was named last.
    ///
    /// Once for each time that one is named: later the same number may be another's.
    private func followMainPID(_ state: NotifyState) {
        guard !process.isForeign, let pid = state.mainPID, state.mainPIDs > followedMainPIDs else { return }
        followedMainPIDs = state.mainPIDs
        guard pid != successor?.pid else { return }
        if let successor { dismiss(successor) }
        guard pid != main.pid, let found = MainProcess.member(pid, of: tree) else { return }
        ChildCensus.adopt(pid)
        successor = found
        if poller.watch(found.pidfd, for: Occurrence(.successorEnd, id), once: true) != 0 { dismiss(found) }
    }

    private func dismiss(_ found: MainProcess) {
        successor = nil
        leave(found)
    }

    private func handOver(to found: MainProcess) {
        successor = nil
        tree = tree.led(by: found)
        inbox?.nextVersion()
        table.succeed(id, found, tree, inbox?.state ?? NotifyState())
        leave(main)
        main = found
        poller.watchAgain(main.pidfd, for: Occurrence(.end, id), once: true)
    }

    /// Waits for it if it is an orphan that has ended; later ends are for who looks for orphans.
    private func leave(_ left: MainProcess) {
        ChildCensus.leave(left.pid)
        poller.close(left.pidfd)
    }

    private func beginGrace() {
        if setTimer(process.outputGrace, .grace) { return }
        act(lifecycle.graceIsOver())  // no descriptors left: no grace either
    }

    /// It is dead, but a debugger that traced it must wait for it first, and takes its time.
    private func tryAgain() -> Bool {
        _ = setTimer(.milliseconds(50), .end)
        return false
    }

    private func setTimer(_ delay: Duration, _ kind: Occurrence.Kind) -> Bool {
        if timer >= 0 { poller.close(timer) }
        timer = clinux_delay_timer(delay.wholeMilliseconds)
        return timer >= 0 && poller.watch(timer, for: Occurrence(kind, id), once: true) == 0
    }

    private func closeAll() {
        for stream in OutputStream.allCases { close(stream) }
        if let inbox {
            let descriptors = inbox.close()
            if !descriptors.isEmpty { ReeveProcess.closePassed(descriptors) {} }
            poller.close(inbox.descriptor)
        }
        inbox = nil
        if let successor { dismiss(successor) }
        if !isClosed, main.pidfd >= 0 { poller.close(main.pidfd) }
        if timer >= 0 { poller.close(timer) }
        isClosed = true
        timer = -1
    }
}
