/// What all processes that were ever in a cgroup have used together.
package struct CgroupUsage: Sendable, Equatable {
    package var userTime: Duration
    package var systemTime: Duration
    /// The most memory that they had at once, in bytes, with what the kernel kept for them: pages of files, for one.
    /// `nil` without the memory controller, and before Linux 5.19.
    package var peakMemory: Int64?
    /// Bytes read from and written to disks; `nil` without the io controller.
    package var bytesRead: Int64?
    package var bytesWritten: Int64?
    /// How many of them the kernel has killed for want of memory.
    package var outOfMemoryKills: Int

    init(userTime: Duration, systemTime: Duration, outOfMemoryKills: Int) {
        self.userTime = userTime
        self.systemTime = systemTime
        self.outOfMemoryKills = outOfMemoryKills
    }

    /// `nil` if the folder is not there.
    init?(_ cgroup: Cgroup) {
        guard let times = cgroup.fields("cpu.stat") else { return nil }
        userTime = .microseconds(Int64(clamping: times["user_usec"] ?? 0))
        systemTime = .microseconds(Int64(clamping: times["system_usec"] ?? 0))
        outOfMemoryKills = Int(clamping: cgroup.fields("memory.events")?["oom_kill"] ?? 0)
        let peak = readFile("\(cgroup.path)/memory.peak", limit: 64)
        peakMemory = peak.flatMap { Int64(String(decoding: $0.prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self)) }
        guard let disks = readFile("\(cgroup.path)/io.stat", limit: 1 << 16) else { return }
        let text = String(decoding: disks, as: UTF8.self)
        bytesRead = Self.sum(of: "rbytes", in: text)
        bytesWritten = Self.sum(of: "wbytes", in: text)
    }

    /// Over all disks: `8:0 rbytes=4096 wbytes=0 …` in each line.
    static func sum(of name: String, in text: String) -> Int64 {
        text.split(whereSeparator: \.isWhitespace).reduce(0) { sum, field in
            guard field.hasPrefix("\(name)=") else { return sum }
            return sum &+ (Int64(field.dropFirst(name.count + 1)) ?? 0)
        }
    }
}
