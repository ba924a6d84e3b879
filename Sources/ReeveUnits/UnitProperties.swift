import Glibc
import ReeveProcess

/// What the service manager says of a unit, as far as it is of use here.
struct UnitProperties {
    var loadState = ""
    var activeState = ""
    var subState = ""
    var result = ""
    var controlGroup = ""
    var job: UInt32 = 0
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

    init() {}

    init(_ reader: BusReader) throws(BusError) {
        var own = Self()
        try reader.properties { name, value in
            switch name {
            case "LoadState": own.loadState = value.text() ?? ""
            case "ActiveState": own.activeState = value.text() ?? ""
            case "SubState": own.subState = value.text() ?? ""
            case "Result": own.result = value.text() ?? ""
            case "ControlGroup": own.controlGroup = value.text() ?? ""
            case "Job": own.job = value.job() ?? 0
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

    /// `nil`: there is no such unit. One whose file the manager could not read again is there all the same.
    var state: UnitState? {
        guard !loadState.isEmpty, loadState != "not-found" else { return nil }
        return UnitState(
            pid: Int32(clamping: processID),
            isStarting: processID == 0 && (job != 0 || activeState == "activating"),
            isRunning: mainPID != 0,
            cgroup: controlGroup.isEmpty ? nil : CgroupDelegation.folder(of: controlGroup),
            startedAt: Int64(clamping: startedAt / 1000),
            end: processID != 0 && ["exited", "failed", "dead"].contains(subState) ? end : nil
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

// MARK: - The start

extension UnitProperties {
    enum Start: Equatable {
        /// It has not come to its process yet.
        case waiting
        case started(UnitState)
        case failed(StartError)
    }

    /// What has become of a start.
    ///
    /// - Parameter job: The result of its job (`JobRemoved`, `org.freedesktop.systemd1(5)`); `nil`: not heard of.
    func start(of unit: UnitSpecification, job: String?) -> Start {
        guard let state else {
            return .failed(StartError(.serviceManager, errno: ENOENT, detail: "systemd has not taken it over"))
        }
        if job == nil, state.isStarting { return .waiting }
        guard state.pid != 0 else {
            let what = result.isEmpty || result == "success" ? job ?? "nothing" : result
            return .failed(StartError(.serviceManager, errno: EIO, detail: "systemd says \(what)"))
        }
        // A program that ends as soon as it is executed may be seen to end before it is seen to be executed. Only what the
        // manager itself says before that is a failure to start.
        guard job != nil, job != "done", let failure = failureOfSetUp(of: unit) else { return .started(state) }
        return .failed(failure)
    }

    /// By the exit codes that the manager's own child has for what it could not do (`systemd.exec(5)`): from 200 on.
    private func failureOfSetUp(of unit: UnitSpecification) -> StartError? {
        guard processCode == 1, (200...245).contains(processStatus) else { return nil }
        let detail = "systemd says \(result), with status \(processStatus)"
        switch processStatus {
        case 200:
            // Which error it was the manager tells its log alone.
            let folder = unit.process.workingDirectory
            let isThere = access(folder, X_OK) == 0
            return StartError(.workingDirectory, errno: isThere ? EACCES : errno, path: folder)
        case 203: return unit.executeFailure
        case 201: return StartError(.nice, errno: EPERM, detail: detail)
        case 205: return StartError(.limit, errno: EPERM, path: "", detail: detail)
        case 216: return StartError(.groups, errno: EPERM, detail: detail)
        case 217: return StartError(.user, errno: EPERM, detail: detail)
        default: return StartError(.serviceManager, errno: EIO, detail: detail)
        }
    }
}

extension UnitSpecification {
    /// Why it was not executed, as far as that can be seen from here.
    fileprivate var executeFailure: StartError {
        if access(executable, F_OK) != 0 { return StartError(.execute, errno: errno, path: executable) }
        var line = [UInt8](repeating: 0, count: 256)
        let file = open(executable, O_RDONLY | O_CLOEXEC)
        let count = file < 0 ? 0 : read(file, &line, line.count)
        if file >= 0 { close(file) }
        let text = String(decoding: line.prefix(max(0, count)).prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self)
        let interpreter = text.hasPrefix("#!") ? text.dropFirst(2).split(separator: " ").first.map(String.init) : nil
        if let interpreter, access(interpreter, F_OK) != 0 {
            return StartError(
                .execute,
                errno: ENOENT,
                path: executable,
                detail: "the interpreter that it names does not exist"
            )
        }
        return StartError(.execute, errno: EACCES, path: executable)
    }
}
