import ReeveProcess

/// What the service manager says of a unit, as far as it is of use here.
struct UnitProperties {
    var loadState = ""
    var activeState = ""
    var subState = ""
    var result = ""
    var controlGroup = ""
    var mainPID: UInt32 = 0
    var processID: UInt32 = 0
    /// As in `siginfo_t`: `CLD_EXITED` and its like.
    var processCode: Int32 = 0
    var processStatus: Int32 = 0
    /// In microseconds since 1970; 0: not yet.
    var startedAt: UInt64 = 0
    var endedAt: UInt64 = 0
    /// In nanoseconds; the largest number: not known.
    var processorTime = UInt64.max

    init(_ reader: BusReader) throws(BusError) {
        var own = Self()
        try reader.properties { name, value in
            switch name {
            case "LoadState": own.loadState = value.text() ?? ""
            case "ActiveState": own.activeState = value.text() ?? ""
            case "SubState": own.subState = value.text() ?? ""
            case "Result": own.result = value.text() ?? ""
            case "ControlGroup": own.controlGroup = value.text() ?? ""
            case "MainPID": own.mainPID = value.unsigned() ?? 0
            case "ExecMainPID": own.processID = value.unsigned() ?? 0
            case "ExecMainCode": own.processCode = value.signed() ?? 0
            case "ExecMainStatus": own.processStatus = value.signed() ?? 0
            case "ExecMainStartTimestamp": own.startedAt = value.long() ?? 0
            case "ExecMainExitTimestamp": own.endedAt = value.long() ?? 0
            case "CPUUsageNSec": own.processorTime = value.long() ?? .max
            default: break
            }
        }
        self = own
    }

    private init() {}

    /// `nil`: there is no such unit.
    var state: UnitState? {
        guard loadState == "loaded" else { return nil }
        let isOver = ["exited", "failed", "dead"].contains(subState)
        return UnitState(
            pid: Int32(clamping: processID),
            isRunning: mainPID != 0,
            cgroup: controlGroup.isEmpty ? nil : "/sys/fs/cgroup" + controlGroup,
            startedAt: Int64(clamping: startedAt / 1000),
            end: isOver ? end : nil
        )
    }

    private var end: UnitState.End {
        let reason: ProcessEnd.Reason =
            switch processCode {
            case 1: .exit(code: processStatus)
            case 2: .signal(processStatus, coreDumped: false)
            case 3: .signal(processStatus, coreDumped: true)
            default: .unknown
            }
        return UnitState.End(
            reason: reason,
            cpuTime: processorTime == .max ? nil : .nanoseconds(Int64(clamping: processorTime)),
            isOutOfMemory: result == "oom-kill",
            endedAt: Int64(clamping: endedAt / 1000)
        )
    }
}
