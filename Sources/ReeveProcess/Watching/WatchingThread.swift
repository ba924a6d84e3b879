import CLinux
import Glibc

/// The clocks that are given to this room.
struct ProcessClocks: Sendable {
    /// Milliseconds since 1970.
    let now: @Sendable () -> Int64
    /// Since some moment, on a clock that nobody sets.
    let elapsed: @Sendable () -> Duration
}

/// The one thread that waits for all processes and their outputs. It sleeps in the kernel while nothing happens.
final class WatchingThread {
    private let table: ProcessTable
    private let kills: KillTable
    private let lingering: LingeringCgroups
    private let poller: Poller
    private let clocks: ProcessClocks
    private let buffer: UnsafeMutableRawBufferPointer
    private var watches: [UInt64: ChildWatch] = [:]

    private init(
        _ table: ProcessTable,
        _ kills: KillTable,
        _ lingering: LingeringCgroups,
        _ poller: Poller,
        _ clocks: ProcessClocks
    ) {
        self.table = table
        self.kills = kills
        self.lingering = lingering
        self.poller = poller
        self.clocks = clocks
        let size = SpoolWriter.room + SpoolFormat.maximumPayload
        buffer = .allocate(byteCount: size, alignment: 8)
    }

    deinit {
        buffer.deallocate()
    }

    /// Runs until the poller is told to stop.
    static func start(
        _ table: ProcessTable,
        _ kills: KillTable,
        _ lingering: LingeringCgroups,
        _ poller: Poller,
        _ clocks: ProcessClocks
    ) throws(StartError) {
        let result = startThread("processes") { WatchingThread(table, kills, lingering, poller, clocks).run() }
        guard result == 0 else { throw StartError(.process, errno: result) }
    }

    private func run() {
        while true {
            let occurrences = poller.wait()
            for occurrence in occurrences where occurrence.kind != .childSignal {
                guard occurrence.kind == .wake else {
                    handle(occurrence)
                    continue
                }
                let orders = table.takeOrders()
                for id in orders.abandoned { tell(id) { $0.processHasEnded(buffer) } }
                for (id, end) in orders.foreignEnds { tell(id) { $0.foreignHasEnded(end, buffer) } }
                for id in orders.closed { tell(id) { $0.passedAreClosed() } }
                if orders.isStopping { return close() }
            }
            // Last, as a process may just have said of one that has ended since that it is its main one: no orphan then.
            if occurrences.contains(where: { $0.kind == .childSignal }) { ChildCensus.reapOrphans() }
        }
    }

    /// Whose end is not heard of here is waited for by whoever looks for orphans, or it would stay a zombie.
    private func close() {
        for pid in table.close() { ChildCensus.leave(pid) }
        kills.close()
    }

    private func handle(_ occurrence: Occurrence) {
        switch occurrence.kind {
        case .wake, .childSignal: break
        case .end: tell(occurrence.id) { $0.processHasEnded(buffer) }
        case .successorEnd: tell(occurrence.id) { $0.successorHasEnded() }
        case .output: tell(occurrence.id) { $0.outputIsReadable(.output, buffer) }
        case .error: tell(occurrence.id) { $0.outputIsReadable(.error, buffer) }
        case .notice: tell(occurrence.id) { $0.noticesAreReadable(buffer) }
        case .grace: tell(occurrence.id) { $0.graceIsOver(buffer) }
        case .death: kills.someoneDied(occurrence.id)
        case .deadline: kills.timeIsOver(occurrence.id)
        case .cgroupChange: lingering.changed(occurrence.id)
        }
    }

    /// Processes that are not known any more were finished by an occurrence of the same batch.
    private func tell(_ id: UInt64, _ handle: (ChildWatch) -> Bool) {
        guard let watch = watches[id] ?? makeWatch(id) else { return }
        watches[id] = handle(watch) ? nil : watch
    }

    private func makeWatch(_ id: UInt64) -> ChildWatch? {
        guard let process = table.watched(id) else { return nil }
        return ChildWatch(id, process, table, poller, clocks)
    }
}
