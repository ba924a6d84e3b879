import Testing

@testable import ReeveProcess

@Suite struct CgroupDelegationTests {
    private let mount = "33 32 0:29 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw,nsdelegate\n"
    private let unit = "/sys/fs/cgroup/system.slice/reeve.service"

    private func find(
        own: String = "0::/system.slice/reeve.service\n",
        mounts: String? = nil,
        hasSystemd: Bool = true,
        marked: [String] = [],
        writable: Bool = true
    ) -> CgroupDelegation {
        CgroupDelegation.find(
            cgroups: own,
            mounts: mounts ?? mount,
            hasSystemd: hasSystemd,
            isMarked: marked.contains,
            isWritable: { _ in writable }
        )
    }

    private func reason(_ delegation: CgroupDelegation) -> String? {
        if case .refused(let reason) = delegation { reason } else { nil }
    }

    @Test func `under systemd only what it marked is given`() {
        #expect(find(marked: [unit]) == .given(folder: unit))
        #expect(reason(find())?.contains("Delegate=yes") == true)
    }

    @Test func `an agent that is in a leaf already is given what is above`() {
        #expect(find(own: "0::/system.slice/reeve.service/main\n", marked: [unit]) == .given(folder: unit))
        #expect(find(own: "0::/system.slice/reeve.service/reeve-agent\n", marked: [unit]) == .given(folder: unit))
        #expect(find(own: "0::/reeve-agent\n", hasSystemd: false) == .given(folder: "/sys/fs/cgroup"))
    }

    @Test func `without systemd what can be written is given`() {
        #expect(find(own: "0::/\n", hasSystemd: false) == .given(folder: "/sys/fs/cgroup"))
        #expect(reason(find(hasSystemd: false, writable: false))?.hasPrefix("the agent may not write") == true)
    }

    @Test func `version 1 beside it does not matter, and alone is not enough`() {
        let both = "4:memory:/user\n1:name=systemd:/\n0::/a b\n"
        let mounts =
            "30 1 0:27 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n"
            + #"31 1 0:28 / /sys/fs/my\040cgroup/unified rw,shared:3 master:1 - cgroup2 none rw"# + "\n"
        let folder = "/sys/fs/my cgroup/unified/a b"
        #expect(find(own: both, mounts: mounts, hasSystemd: false) == .given(folder: folder))
        #expect(reason(find(own: "4:memory:/user\n")) == "the host has no cgroup version 2")
    }

    @Test func `a mount of another part of the tree does not serve`() {
        let part = "33 32 0:29 /system.slice /run/part rw - cgroup2 cgroup2 rw\n"
        let other = "34 32 0:29 /system.sli /run/other rw - cgroup2 cgroup2 rw\n"
        let folder = "/run/part/reeve.service"
        #expect(find(mounts: other + part, marked: [folder]) == .given(folder: folder))
        #expect(reason(find(mounts: other))?.hasPrefix("no cgroup2 file system is mounted") == true)
        #expect(reason(find(own: "0::/../b\n"))?.hasPrefix("no cgroup2 file system is mounted") == true)
    }

    @Test func `disks are added up`() {
        let text = "8:0 rbytes=100 wbytes=5 rios=1 wios=1 dbytes=0 dios=0\n259:1 rbytes=28 wbytes=2 rios=1 wios=1\n"
        #expect(CgroupUsage.sum(of: "rbytes", in: text) == 128)
        #expect(CgroupUsage.sum(of: "wbytes", in: text) == 7)
    }

    @Test func `limits are written as the kernel reads them`() {
        let limits = CgroupLimits(memory: 1 << 20, cpu: 150, tasks: 7)
        let files = limits.kinds.map { limits.file($0).map { "\($0.name)=\($0.text)" } }
        #expect(files == ["memory.max=1048576", "cpu.max=150000 100000", "pids.max=7"])
        #expect(CgroupLimits().kinds == [])
    }
}
