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
            usage: ResourceUsage(
                userTime: .zero,
                systemTime: .zero,
                maximumResident: nil,
                bytesRead: 0,
                bytesWritten: 0
            ),
            endedAt: startedAt + duration.wholeMilliseconds,
            duration: duration,
            together: together
        )
    }
}
