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
    private var pidfd: CInt
    private var timer: CInt = -1
    private var end: ProcessEnd?
    private var isOver = false

    init(_ id: UInt64, _ process: WatchedProcess, _ table: ProcessTable, _ poller: Poller, _ clocks: ProcessClocks) {
        self.id = id
        self.process = process
        self.table = table
        self.poller = poller
        self.clocks = clocks
        spool = SpoolWriter(process.spool, counts: process.counts)
        open = [.output: process.output, .error: process.error]
        inbox = process.notifyPath.map { NotifyInbox(descriptor: process.notices, path: $0) }
        pidfd = process.pidfd
    }

    deinit {
        closeAll()
    }

    /// These four answer whether the process is over and nothing more is to be heard of it.
    func outputIsReadable(_ stream: OutputStream, _ buffer: UnsafeMutableRawBufferPointer) -> Bool {
        let before = spool.counts
        _ = readOnce(stream, buffer)
        return conclude(before)
    }

    func noticesAreReadable(_ buffer: UnsafeMutableRawBufferPointer) -> Bool {
        readNotices(buffer, atMost: Self.messagesInTurn)
        return false
    }

    func processHasEnded(_ buffer: UnsafeMutableRawBufferPointer) -> Bool {
        guard end == nil else { return false }
        table.willReap(id)
        guard let ended = ChildCensus.reap(process.pid) else { return tryAgain() }
        end = ProcessEnd(ended, startedAt: process.startedAt, duration: clocks.elapsed() - process.started)
        let before = spool.counts
        readNotices(buffer, atMost: Self.lastMessages)
        readRest(buffer)
        act(lifecycle.ended())
        return conclude(before)
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
            poller.close(descriptor)
            open[stream] = nil
            act(lifecycle.closed(stream))
            return false
        }
        spool.append(stream, from: buffer, count: count, time: clocks.now())
        return true
    }

    private func readRest(_ buffer: UnsafeMutableRawBufferPointer) {
        for stream in OutputStream.allCases {
            for _ in 0..<Self.lastReads where !readOnce(stream, buffer) { break }
        }
    }

    private func readNotices(_ buffer: UnsafeMutableRawBufferPointer, atMost limit: Int) {
        for _ in 0..<limit {
            guard let message = inbox?.receive(buffer), message != .none else { return }
            if message == .merged, let state = inbox?.state { table.publish(id, state) }
        }
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
        for descriptor in open.values { poller.close(descriptor) }
        open = [:]
        if let inbox {
            poller.close(inbox.descriptor)
            unlink(inbox.path)
        }
        inbox = nil
        if pidfd >= 0 { poller.close(pidfd) }
        if timer >= 0 { poller.close(timer) }
        pidfd = -1
        timer = -1
    }
}

extension ProcessEnd {
    fileprivate init(_ end: clinux_end, startedAt: Int64, duration: Duration) {
        let signal = clinux_exit_signal(end.status)
        self.init(
            reason: signal >= 0
                ? .signal(signal, coreDumped: clinux_core_dumped(end.status) != 0)
                : .exit(code: clinux_exit_code(end.status)),
            usage: ResourceUsage(
                userTime: .microseconds(end.user_microseconds),
                systemTime: .microseconds(end.system_microseconds),
                maximumResident: end.maximum_resident_bytes > ownMaximumResident() ? end.maximum_resident_bytes : nil,
                bytesRead: end.read_bytes,
                bytesWritten: end.written_bytes
            ),
            endedAt: startedAt + duration.wholeMilliseconds,
            duration: duration
        )
    }
}

extension Duration {
    /// Rounded down.
    var wholeMilliseconds: Int64 {
        components.seconds * 1000 + components.attoseconds / 1_000_000_000_000_000
    }
}
