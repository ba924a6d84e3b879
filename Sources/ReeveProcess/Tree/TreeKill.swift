import CLinux
import Glibc

/// Ends a tree: kills all that is found, waits until these are dead, looks again, until nothing is found.
///
/// What is in its cgroups is killed at once, and the kernel's word that they are empty is the proof that it is gone. What
/// is not, as it has none or root has moved it out, is looked for: what is born between two looks is found by the next, as
/// its parent was in the tree, or it carries the marks.
struct TreeKill {
    let tree: ProcessTree
    let scans: ProcessScans
    let kills: KillTable
    let poller: Poller

    /// Answers who still lives when the time is over.
    func run(within limit: Duration) async -> [Survivor] {
        let id = kills.begin()
        let timer = Descriptor(max(clinux_delay_timer(limit.wholeMilliseconds), -1))
        // Without a timer, as no descriptors are left, there is one round and no wait.
        if timer.raw < 0 || poller.watch(timer.raw, for: Occurrence(.deadline, id), once: true) != 0 {
            kills.timeIsOver(id)
        }
        defer { kills.end(id) }
        for cgroup in tree.cgroups { await empty(cgroup, id) }
        var idleRounds = 0
        while true {
            let members = await members()
            if members.isEmpty, !tree.cgroups.contains(where: { $0.isPopulated == true }) { return [] }
            // Again: what was found may have been born after its cgroup was killed, by one that was moved out of it.
            for cgroup in tree.cgroups { cgroup.kill() }
            idleRounds = await round(id, members) ? 0 : idleRounds + 1
            // It can wait for nobody if no descriptors are left: it does not go on like that for long.
            if kills.isOver(id) || idleRounds > 64 { return await self.members().map(Survivor.init) }
        }
    }

    /// Kills all that is in a cgroup, and waits until the kernel says that nothing is. Before Linux 5.14 that is left to
    /// the rounds.
    private func empty(_ cgroup: Cgroup, _ id: UInt64) async {
        guard cgroup.isPopulated == true, let opened = cgroup.openEvents() else { return }
        let events = Descriptor(opened)
        while cgroup.isPopulated == true, !kills.isOver(id), cgroup.kill() {
            kills.expect(id, 1)
            // Told at once if it has changed since it was read last, which is before it was asked whether it is populated.
            guard poller.watch(events.raw, for: Occurrence(.death, id), once: true, priority: true) == 0 else { return }
            await kills.deaths(id)
            poller.unwatch(events.raw)
            Cgroup.rearm(events.raw)
        }
    }

    private func members() async -> [ProcessStatus] {
        tree.members(in: await scans.snapshot())
    }

    /// Whether it could wait for any of them.
    private func round(_ id: UInt64, _ members: [ProcessStatus]) async -> Bool {
        let pidfds = members.compactMap(open)
        defer { for pidfd in pidfds { close(pidfd) } }
        kills.expect(id, pidfds.count)
        for pidfd in pidfds {
            _ = clinux_pidfd_signal(pidfd, SIGKILL)  // one that may not be killed shows as a survivor
            if poller.watch(pidfd, for: Occurrence(.death, id), once: true) != 0 { kills.someoneDied(id) }
        }
        await kills.deaths(id)
        return !pidfds.isEmpty
    }

    /// A descriptor for just this process, not for another that has got its pid meanwhile.
    private func open(_ member: ProcessStatus) -> CInt? {
        let pidfd = clinux_pidfd_open(member.pid)
        guard pidfd >= 0 else { return nil }
        if ProcessStatus(pid: member.pid)?.startTicks == member.startTicks { return pidfd }
        close(pidfd)
        return nil
    }
}
