/// What all processes of a cgroup together may use.
package struct CgroupLimits: Sendable, Equatable {
    package enum Kind: String, Sendable, CaseIterable {
        case memory, cpu, tasks

        package var controller: CgroupController {
            switch self {
            case .memory: .memory
            case .cpu: .cpu
            case .tasks: .pids
            }
        }
    }

    /// Bytes. Beyond them the kernel takes back what it can, then kills one of the processes.
    package var memory: Int?
    /// Processor time in percent of one processor, over each tenth of a second.
    package var cpu: Int?
    /// Processes and threads.
    package var tasks: Int?

    package init(memory: Int? = nil, cpu: Int? = nil, tasks: Int? = nil) {
        self.memory = memory
        self.cpu = cpu
        self.tasks = tasks
    }

    /// Those that are set.
    package var kinds: [Kind] {
        Kind.allCases.filter { file($0) != nil }
    }

    /// The file of the cgroup and what is written to it; `nil` where there is no such limit.
    func file(_ kind: Kind) -> (name: String, text: String)? {
        switch kind {
        case .memory: memory.map { ("memory.max", String($0)) }
        case .cpu: cpu.map { ("cpu.max", "\($0 * Self.cpuPeriod / 100) \(Self.cpuPeriod)") }
        case .tasks: tasks.map { ("pids.max", String($0)) }
        }
    }

    /// In microseconds; the kernel's default.
    private static let cpuPeriod = 100_000
}
