import CLinux
import CSystemd
import Glibc
import NIOConcurrencyHelpers
import ReeveProcess

/// The connection to the bus on which the service manager is, on a thread of its own that sleeps while nothing happens.
///
/// It is made when the first order comes. If it breaks, what was asked meanwhile fails, and a new one is made at once,
/// then after ever longer waits.
final class Bus: Sendable {
    /// Without a connection it gets `nil`.
    typealias Order = @Sendable (BusConnection?) -> Void

    private enum Turn {
        case refused, first, later
    }

    private struct State {
        var orders: [Order] = []
        var hasThread = false
        var isStopping = false
    }

    private let isOfUser: Bool
    /// Whether somebody waits to hear something.
    private let isNeeded: @Sendable () -> Bool
    private let isOver = ConditionLock(value: false)
    private let waking: CInt
    private let state = NIOLockedValueBox(State())
    /// Called on the thread whenever a connection has been made.
    private let onConnect: @Sendable (BusConnection) -> Void

    /// - Parameter isOfUser: The user's own service manager, not that of the system.
    init(
        isOfUser: Bool,
        isNeeded: @escaping @Sendable () -> Bool,
        onConnect: @escaping @Sendable (BusConnection) -> Void
    ) throws(StartError) {
        self.isOfUser = isOfUser
        self.isNeeded = isNeeded
        self.onConnect = onConnect
        waking = eventfd(0, CInt(EFD_CLOEXEC | EFD_NONBLOCK))
        guard waking >= 0 else { throw StartError(.descriptors, errno: errno) }
    }

    deinit {
        close(waking)
    }

    /// After this nothing more is done; the thread ends and closes the connection, when what was asked has been answered
    /// or ``lastWait`` is over.
    func stop() {
        let hasThread = state.withLockedValue { state in
            state.isStopping = true
            return state.hasThread
        }
        guard hasThread else { return }
        wake()
        if isOver.lock(whenValue: true, timeoutSeconds: Double(Self.lastWait + 1000) / 1000) { isOver.unlock() }
    }

    /// Does something on the bus's thread; here, with `nil`, where there is none.
    func perform(_ order: @escaping Order) {
        let turn = state.withLockedValue { state -> Turn in
            guard !state.isStopping else { return .refused }
            state.orders.append(order)
            defer { state.hasThread = true }
            return state.hasThread ? .later : .first
        }
        switch turn {
        case .refused: order(nil)
        case .later: wake()
        case .first:
            // The thread has a reference until it ends.
            guard startThread("bus", { [self] in run() }) != 0 else { return }
            state.withLockedValue { $0.hasThread = false }
            for order in takeOrders() { order(nil) }
        }
    }

    private func wake() {
        var one: UInt64 = 1
        _ = write(waking, &one, 8)
    }

    private func takeOrders() -> [Order] {
        state.withLockedValue { state in
            defer { state.orders = [] }
            return state.orders
        }
    }

    // MARK: On the thread

    private func run() {
        var connection: BusConnection?
        var wait = Self.firstWait
        var deadline: UInt64?
        while true {
            let isStopping = state.withLockedValue(\.isStopping)
            let orders = takeOrders()
            if isStopping {
                let end = deadline ?? BusConnection.now + UInt64(Self.lastWait) * 1000
                deadline = end
                if orders.isEmpty, connection?.isBusy != true || BusConnection.now >= end { break }
            }
            if connection == nil, !orders.isEmpty || isNeeded(), let made = try? BusConnection(isOfUser: isOfUser) {
                connection = made
                onConnect(made)
            }
            for order in orders { order(connection) }
            do throws(BusError) {
                if let connection {
                    let isMore = try connection.process()
                    if connection.hasAnswered { wait = Self.firstWait }
                    if isMore { continue }
                }
            } catch {
                connection = nil
            }
            if let deadline {
                sleep(connection, atMost: CInt(clamping: (max(deadline, BusConnection.now) - BusConnection.now) / 1000))
            } else if connection == nil {
                sleep(nil, atMost: isNeeded() ? wait : -1)
                wait = min(wait * 2, Self.longestWait)
            } else {
                sleep(connection, atMost: -1)
            }
        }
        connection = nil
        for order in takeOrders() { order(nil) }
        isOver.lock()
        isOver.unlock(withValue: true)
    }

    /// In milliseconds, until a connection is tried again.
    private static let firstWait: CInt = 250
    private static let longestWait: CInt = 30_000
    /// In milliseconds, for answers when it is to end.
    private static let lastWait: CInt = 2000

    /// - Parameter limit: In milliseconds; -1: none.
    private func sleep(_ connection: BusConnection?, atMost limit: CInt) {
        var watched = [pollfd(fd: waking, events: Int16(POLLIN), revents: 0)]
        var timeout = limit
        if let connection {
            watched.append(pollfd(fd: connection.descriptor, events: connection.events, revents: 0))
            let own = connection.timeout
            timeout = limit < 0 ? own : own < 0 ? limit : min(own, limit)
        }
        poll(&watched, nfds_t(watched.count), timeout)
        var count: UInt64 = 0
        _ = read(waking, &count, 8)
    }
}
