import CLinux
import Glibc

/// The process whose end is the end of all: the one that was started, or another that took its place.
struct MainProcess: Sendable, Equatable {
    let pid: pid_t
    /// As in ``ChildRecord/startTicks``.
    let startTicks: UInt64
    /// Names this process and never another with the same pid.
    let pidfd: CInt

    /// The process with this pid, if it lives and belongs to the tree. The descriptor is the caller's to close.
    static func member(_ pid: pid_t, of tree: ProcessTree) -> MainProcess? {
        guard let status = tree.member(pid) else { return nil }
        let pidfd = clinux_pidfd_open(pid)
        guard pidfd >= 0 else { return nil }
        // It may have ended, and its pid be another's, between the two.
        if ProcessStatus(pid: pid)?.startTicks == status.startTicks {
            return MainProcess(pid: pid, startTicks: status.startTicks, pidfd: pidfd)
        }
        close(pidfd)
        return nil
    }

    /// It lives, or nobody has waited for it yet.
    var isThere: Bool { ProcessStatus(pid: pid)?.startTicks == startTicks }

    var hasEnded: Bool {
        var waited = pollfd(fd: pidfd, events: Int16(POLLIN), revents: 0)
        return poll(&waited, 1, 0) > 0
    }

    /// Signals it, with its group if `group` is true and it leads one, or is still in that of the process `leader`.
    ///
    /// To be called before anybody closes the descriptor.
    func signal(_ signal: CInt, group: Bool, of leader: pid_t) -> Bool {
        let number = group ? getpgid(pid) : -1
        // The group was asked for by number: what is not gone now has not lost it to another meanwhile.
        if number == pid || number == leader, clinux_pidfd_signal(pidfd, 0) == 0 { return kill(-number, signal) == 0 }
        return clinux_pidfd_signal(pidfd, signal) == 0
    }
}
