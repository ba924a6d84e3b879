import JSON

/// What a process may use.
///
/// The first three bind it together with all that it starts, by a cgroup, and only where the agent has one with the
/// controller that it takes; the others are the kernel's limits on a process (setrlimit(2)), which each process that it
/// starts has anew.
package struct LimitsDefinition: Sendable, Hashable, Codable {
    /// Beyond it the kernel takes back what it can, then kills one of the processes. At least 1MiB.
    package var memory: ByteSize?
    /// Processor time, as a share of one processor.
    package var cpu: CPUShare?
    /// Processes and threads. At least 1.
    package var tasks: Int?

    package var openFiles: Int?
    /// Processes and threads of its user on the whole host. Binds nobody who is root.
    package var processes: Int?
    /// Bytes of one core file; 0 for none.
    package var coreSize: ByteSize?
    package var fileSize: ByteSize?
    /// Bytes of memory that it may map, whether it uses them or not.
    package var addressSpace: ByteSize?
    package var dataSize: ByteSize?
    package var stackSize: ByteSize?
    package var lockedMemory: ByteSize?
    /// Processor time, rounded up to whole seconds.
    package var cpuTime: Interval?

    package enum CodingKeys: String, CodingKey, CaseIterable {
        case memory, cpu, tasks, openFiles, processes, coreSize, fileSize, addressSpace, dataSize, stackSize
        case lockedMemory, cpuTime
    }

    package init() {}

    func problems() -> [InvalidValue] {
        var problems: [InvalidValue] = []
        if let openFiles, openFiles < 3 {
            problems.append(
                InvalidValue(path: "/limits/openFiles", reason: "\(openFiles) leaves no room for standard streams")
            )
        }
        if let memory, memory < .mebibytes(1) {
            problems.append(
                InvalidValue(
                    path: "/limits/memory",
                    reason: "\(memory) is too little for any program",
                    expected: "1MiB or more"
                )
            )
        }
        return problems + rangeProblems(tasks, 1...4_194_304, at: "/limits/tasks")
            + rangeProblems(processes, 1...4_194_304, at: "/limits/processes") + positive(cpuTime, "/limits/cpuTime")
    }
}

/// A share of one processor: `50%` is half of it, `200%` two of them. 1% to 100000%.
package struct CPUShare: Sendable, Hashable {
    package let percent: Int

    package init?(percent: Int) {
        guard (1...100_000).contains(percent) else { return nil }
        self.percent = percent
    }
}

extension CPUShare: WireText {
    package static var form: String { "a share of one processor such as 50% or 150%, from 1% to 100000%" }

    package init?(text: String) {
        let digits = text.dropLast()
        guard text.last == "%", digits.allSatisfy({ ("0"..."9").contains($0) }), let percent = Int(digits) else {
            return nil
        }
        self.init(percent: percent)
    }

    package var description: String { "\(percent)%" }
}
