import Glibc
import NIOConcurrencyHelpers

/// Cgroups in which something still runs though nobody asks for their process any more: each is removed when the kernel
/// says that it is empty.
final class LingeringCgroups: Sendable {
    private struct State {
        var cgroups: [UInt64: (cgroup: Cgroup, events: CInt)] = [:]
        var lastID: UInt64 = 0
    }

    private let state = NIOLockedValueBox(State())
    private let poller: Poller

    init(poller: Poller) {
        self.poller = poller
    }

    deinit {
        for lingering in state.withLockedValue({ $0.cgroups.values }) { close(lingering.events) }
    }

    /// Removes it, now or later.
    func release(_ cgroup: Cgroup) {
        // Without a descriptor it stays until the next start of an agent, which looks for such.
        guard !cgroup.remove(), let events = cgroup.openEvents() else { return }
        let id = state.withLockedValue { state in
            state.lastID += 1
            state.cgroups[state.lastID] = (cgroup, events)
            return state.lastID
        }
        guard poller.watch(events, for: Occurrence(.cgroupChange, id), priority: true) == 0 else { return drop(id) }
        changed(id)
    }

    /// Its events file has something new.
    func changed(_ id: UInt64) {
        guard let lingering = state.withLockedValue({ $0.cgroups[id] }) else { return }
        Cgroup.rearm(lingering.events)
        if lingering.cgroup.remove() { drop(id) }
    }

    private func drop(_ id: UInt64) {
        guard let lingering = state.withLockedValue({ $0.cgroups.removeValue(forKey: id) }) else { return }
        poller.close(lingering.events)
    }
}
