import CLinux

extension ProcessEnd {
    init(_ end: clinux_end, startedAt: Int64, duration: Duration, together: CgroupUsage?) {
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
            duration: duration,
            together: together
        )
    }

    init(unknownSince startedAt: Int64, duration: Duration, together: CgroupUsage?) {
        self.init(
            reason: .unknown,
            usage: .unknown,
            endedAt: startedAt + duration.wholeMilliseconds,
            duration: duration,
            together: together
        )
    }

    /// - Parameters:
    ///   - unit: `nil`: the manager does not know either.
    ///   - duration: Since it was started or found, where the manager does not say when it ended.
    init(_ unit: UnitState.End?, startedAt: Int64, duration: Duration, together: CgroupUsage?) {
        let endedAt = unit.flatMap { $0.endedAt > 0 ? $0.endedAt : nil }
        var together = together
        if together == nil, let time = unit?.cpuTime {
            // Of a cgroup that is gone the manager has kept the sum alone.
            together = CgroupUsage(userTime: time, systemTime: .zero, outOfMemoryKills: 0)
        }
        if unit?.isOutOfMemory == true, together?.outOfMemoryKills == 0 { together?.outOfMemoryKills = 1 }
        self.init(
            reason: unit?.reason ?? .unknown,
            usage: .unknown,
            endedAt: endedAt ?? startedAt + duration.wholeMilliseconds,
            duration: endedAt.map { .milliseconds(max(0, $0 - startedAt)) } ?? duration,
            together: together
        )
    }
}
