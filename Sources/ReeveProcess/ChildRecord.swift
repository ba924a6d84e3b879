import Glibc

/// What is known of one process: from its start until its owner forgets it, also long after its end.
package struct ChildRecord: Sendable, Equatable {
    package enum State: Sendable, Equatable {
        case running
        case ended(ProcessEnd)
    }

    package let key: ProcessKey
    /// The process that was started, or, if that has ended, the one to which it handed over (``Processes``).
    package internal(set) var pid: Int32
    /// When that began, in the kernel's ticks since boot: with ``pid`` and the boot's id it names the process for ever.
    /// 0 where `/proc` does not say.
    package internal(set) var startTicks: UInt64
    /// When it was started, in milliseconds since 1970.
    package let startedAt: Int64
    /// The cgroup that was made for it; `nil`: none could be had (``CgroupTree/standing``), or none was asked for.
    package let cgroup: Cgroup?
    /// Those of the limits that it was to have together with what it starts, and has not.
    package let unenforced: [CgroupLimits.Kind]
    package internal(set) var state: State
    package internal(set) var output: OutputCounts
    /// What the process has said through its ``ProcessSpecification/notifySocket``.
    package internal(set) var notices = NotifyState()

    package var end: ProcessEnd? {
        if case .ended(let end) = state { end } else { nil }
    }
}

/// How a process ended.
package struct ProcessEnd: Sendable, Equatable {
    package enum Reason: Sendable, Equatable {
        /// By itself, with this code, 0 to 255.
        case exit(code: Int32)
        case signal(Int32, coreDumped: Bool)
        /// In a way that the kernel did not tell us: it was not our child any more, nor an orphan of ours. It is neither
        /// a success nor a failure.
        case unknown
    }

    package let reason: Reason
    /// All zero where the reason is unknown.
    package let usage: ResourceUsage
    /// In milliseconds since 1970: the start plus ``duration``, so that setting the clock meanwhile does not matter.
    package let endedAt: Int64
    /// From start to end on the monotonic clock.
    package let duration: Duration
    /// What it has used with all that it started, as far as that is in its cgroup; `nil`: it had none.
    package let together: CgroupUsage?

    package var exitCode: Int32? {
        if case .exit(let code) = reason { code } else { nil }
    }

    package var signal: Int32? {
        if case .signal(let signal, _) = reason { signal } else { nil }
    }

    package var coreDumped: Bool {
        if case .signal(_, let coreDumped) = reason { coreDumped } else { false }
    }
}

/// What a process and those of its descendants that it waited for have used.
package struct ResourceUsage: Sendable, Equatable {
    package let userTime: Duration
    package let systemTime: Duration
    /// The most memory that one of them had resident, in bytes.
    ///
    /// `nil` if it was less than what the agent itself has had: the kernel counts the memory that a new process shares
    /// with its parent until it executes its program, so that a smaller number of its own cannot be told.
    package let maximumResident: Int64?
    /// Bytes read from and written to disks.
    package let bytesRead: Int64
    package let bytesWritten: Int64
}

extension ResourceUsage {
    static let unknown = ResourceUsage(
        userTime: .zero,
        systemTime: .zero,
        maximumResident: nil,
        bytesRead: 0,
        bytesWritten: 0
    )
}

/// Which of its two outputs a process wrote to.
package enum OutputStream: UInt8, Sendable, CaseIterable {
    case output = 1
    case error = 2
}

/// How much a process has written, and what became of it.
///
/// In a continued spool (``SpoolSpecification/continues``): how much it and all before it have written. The record that
/// its start answers says how much that was before it, and the position from which on the output is its own.
package struct OutputCounts: Sendable, Equatable {
    /// Bytes written, kept or not.
    package internal(set) var output: UInt64 = 0
    package internal(set) var error: UInt64 = 0
    /// Those of them that the spool does not hold, or no longer.
    package internal(set) var droppedOutput: UInt64 = 0
    package internal(set) var droppedError: UInt64 = 0
    /// Behind the last byte in the spool.
    package internal(set) var position = SpoolPosition.start
    /// Why the spool could not be written, as an error number; what came then is dropped. A continued spool is tried
    /// again with each new output: `nil` as soon as that is kept.
    package internal(set) var spoolError: CInt?
    /// Nothing more will be kept: both streams are closed, or no longer waited for.
    package internal(set) var isComplete = false

    /// Of one of its streams at least, what it wrote while no agent was there is lost: nobody had kept its pipe.
    package internal(set) var isCut = false

    /// ``spoolError`` for people; ``SpoolBudget`` is what is used up where the kernel is not the one that says so.
    package var spoolTrouble: String? {
        if isCut { return "what it wrote while no agent was there is lost" }
        return spoolError.map { $0 == EDQUOT ? "the room for output (runner.output) is used up" : errorText($0) }
    }

    package var bytes: UInt64 { output + error }
    package var dropped: UInt64 { droppedOutput + droppedError }
}
