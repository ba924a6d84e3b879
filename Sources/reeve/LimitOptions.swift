import ArgumentParser
import JSON
import ReeveProtocol

extension CPUShare: ExpressibleByArgument {
    public init?(argument: String) {
        self.init(text: argument)
    }
}
extension FileMask: ExpressibleByArgument {
    public init?(argument: String) {
        self.init(text: argument)
    }
}

/// What processes may take, as options: of tasks, services and commands alike.
struct LimitOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Memory of all its processes together: 512MiB.", valueName: "size"))
    var memory: ByteSize?

    @Option(help: ArgumentHelp("Processor time, as a share of one processor: 50%, 150%.", valueName: "share"))
    var cpu: CPUShare?

    @Option(help: ArgumentHelp("Processes and threads at once.", valueName: "count"))
    var tasks: Int?

    @Option(help: ArgumentHelp("Permissions that new files do not get (default: 0022).", valueName: "mask"))
    var umask: FileMask?

    // A number below 0 looks like an option.
    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("From -20, which goes first, to 19, which goes last.", valueName: "number")
    )
    var nice: Int?

    func add(to definition: inout JSONObject) {
        var limits = JSONObject()
        limits["memory"] = memory.map { .string($0.description) }
        limits["cpu"] = cpu.map { .string($0.description) }
        limits["tasks"] = tasks.map { .number(String($0)) }
        if !limits.members.isEmpty { definition["limits"] = .object(limits) }
        definition["umask"] = umask.map { .string($0.description) }
        definition["nice"] = nice.map { .number(String($0)) }
    }
}
