import CLinux
import Glibc

/// What happened to one of the things that the watching thread waits for.
struct Occurrence: Equatable {
    enum Kind: UInt64 {
        /// The table has something for the thread to do.
        case wake
        /// The main process has ended.
        case end
        /// The process that would be the next main one has ended.
        case successorEnd
        case output, error
        /// A process tells something.
        case notice
        /// The time for the output of an ended process is over.
        case grace
        /// A process that a kill waits for has ended.
        case death
        /// The time for a kill is over.
        case deadline
        /// Some child of ours has ended, perhaps an orphan.
        case childSignal
        /// A cgroup that is to be removed has become empty, or has not.
        case cgroupChange
    }

    let kind: Kind
    let id: UInt64

    init(_ kind: Kind, _ id: UInt64 = 0) {
        self.kind = kind
        self.id = id
    }

    init?(token: UInt64) {
        guard let kind = Kind(rawValue: token & 15) else { return nil }
        self.init(kind, token >> 4)
    }

    var token: UInt64 { id << 4 | kind.rawValue }
}

/// An epoll instance. Closed with the last reference to it.
final class Poller: Sendable {
    private static let batch = 128

    private let epoll: CInt
    private let waking: CInt

    init() throws(StartError) {
        let epoll = epoll_create1(CInt(EPOLL_CLOEXEC))
        guard epoll >= 0 else { throw StartError(.descriptors, errno: errno) }
        let waking = eventfd(0, CInt(EFD_CLOEXEC | EFD_NONBLOCK))
        guard waking >= 0 else {
            let number = errno
            Glibc.close(epoll)
            throw StartError(.descriptors, errno: number)
        }
        self.epoll = epoll
        self.waking = waking
        let number = watch(waking, for: Occurrence(.wake), edges: true)
        if number != 0 { throw StartError(.descriptors, errno: number) }
    }

    deinit {
        Glibc.close(waking)
        Glibc.close(epoll)
    }

    /// Watches until ``close(_:)``, or, if `once`, until it has happened. 0, or the error number.
    ///
    /// - Parameters:
    ///   - edges: Only what is new is told.
    ///   - priority: The file is one of the kernel's, which tells of its changes as urgent data.
    func watch(
        _ descriptor: CInt,
        for occurrence: Occurrence,
        once: Bool = false,
        edges: Bool = false,
        priority: Bool = false
    ) -> CInt {
        var event = epoll_event()
        event.events = priority ? EPOLLPRI.rawValue : EPOLLIN.rawValue
        if once { event.events |= EPOLLONESHOT.rawValue }
        if edges { event.events |= EPOLLET.rawValue }
        event.data.u64 = occurrence.token
        return epoll_ctl(epoll, EPOLL_CTL_ADD, descriptor, &event) == 0 ? 0 : errno
    }

    /// The same for what is watched already, for something else or not at the moment; at once, if it has happened.
    func watchAgain(_ descriptor: CInt, for occurrence: Occurrence, once: Bool = false) {
        var event = epoll_event()
        event.events = EPOLLIN.rawValue
        if once { event.events |= EPOLLONESHOT.rawValue }
        event.data.u64 = occurrence.token
        epoll_ctl(epoll, EPOLL_CTL_MOD, descriptor, &event)
    }

    /// Hears nothing of a descriptor until it is watched again.
    func pause(_ descriptor: CInt) {
        var event = epoll_event()
        epoll_ctl(epoll, EPOLL_CTL_MOD, descriptor, &event)
    }

    /// Stops watching a descriptor that stays open.
    func unwatch(_ descriptor: CInt) {
        epoll_ctl(epoll, EPOLL_CTL_DEL, descriptor, nil)
    }

    /// Stops watching a descriptor and closes it.
    ///
    /// Closing alone is not enough: a child that has not executed its program yet has a copy of it, and as long as there
    /// is one, what happens to it would be told again and again.
    func close(_ descriptor: CInt) {
        epoll_ctl(epoll, EPOLL_CTL_DEL, descriptor, nil)
        Glibc.close(descriptor)
    }

    /// Makes ``Occurrence/Kind/wake`` happen. Told once, however often it is called.
    func wake() {
        eventfd_write(waking, 1)
    }

    /// Waits until something happens.
    func wait() -> [Occurrence] {
        withUnsafeTemporaryAllocation(of: epoll_event.self, capacity: Self.batch) { events in
            while true {
                let count = epoll_wait(epoll, events.baseAddress, CInt(Self.batch), -1)
                if count >= 0 { return events.prefix(Int(count)).compactMap { Occurrence(token: $0.data.u64) } }
                precondition(errno == EINTR, "epoll_wait fails in no other way with what this class passes")
            }
        }
    }
}
