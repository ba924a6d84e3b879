import Glibc
import ReeveProcess

/// A unit as `StartTransientUnit` takes it (`org.freedesktop.systemd1(5)`).
struct UnitMessage {
    let unit: UnitSpecification
    /// A file with the environment: as a property everybody on the host could read it.
    let environmentFile: String

    func write(to message: borrowing BusMessage) throws(BusError) {
        try message.append(unit.name)
        try message.append("fail")
        try message.container("a", "(sv)") { () throws(BusError) in
            try writeProperties(message)
        }
        try message.container("a", "(sa(sv))") { () throws(BusError) in }
    }

    private func writeProperties(_ message: borrowing BusMessage) throws(BusError) {
        let process = unit.process
        try text("Description", unit.description, message)
        try text("Type", "exec", message)
        // Its end stays to be read until the agent has noted it, also where there is none at that moment.
        try flag("RemainAfterExit", true, message)
        try text("KillMode", "control-group", message)
        try number("TimeoutStopUSec", 5_000_000, message)
        for accounting in ["CPU", "Memory", "Tasks", "IO"] { try flag("\(accounting)Accounting", true, message) }
        try program(message)
        try text("WorkingDirectory", process.workingDirectory, message)
        try property("EnvironmentFiles", "a(sb)", message) { () throws(BusError) in
            try message.container("a", "(sb)") { () throws(BusError) in
                try message.container("r", "sb") { () throws(BusError) in
                    try message.append(environmentFile)
                    try message.append(false)
                }
            }
        }
        try flag("IgnoreSIGPIPE", false, message)
        try user(message)
        if let umask = process.umask {
            try property("UMask", "u", message) { () throws(BusError) in try message.append(umask & 0o777) }
        }
        if let nice = process.nice {
            try property("Nice", "i", message) { () throws(BusError) in try message.append(Int32(clamping: nice)) }
        }
        try limits(message)
        try descriptor("StandardInputFileDescriptor", unit.input, message)
        try descriptor("StandardOutputFileDescriptor", unit.output, message)
        try descriptor("StandardErrorFileDescriptor", unit.error, message)
        for (name, value) in unit.properties.sorted(by: { $0.key < $1.key }) {
            switch value {
            case .flag(let value): try flag(name, value, message)
            case .text(let value): try text(name, value, message)
            case .texts(let values): try texts(name, values, message)
            case .number(let value): try number(name, value, message)
            }
        }
    }

    private func program(_ message: borrowing BusMessage) throws(BusError) {
        try property("ExecStart", "a(sasb)", message) { () throws(BusError) in
            try message.container("a", "(sasb)") { () throws(BusError) in
                try message.container("r", "sasb") { () throws(BusError) in
                    try message.append(unit.executable)
                    try list(Self.unexpanded(unit.process.arguments), message)
                    try message.append(false)
                }
            }
        }
    }

    /// Not the manager but the program is to read what its arguments say, `$HOME` too. (`ExecStartEx=` says so in a better
    /// way, but systemd 252 cannot read that back at a reload, and takes the unit for damaged then.)
    static func unexpanded(_ arguments: [String]) -> [String] {
        arguments.map { $0.split(separator: "$", omittingEmptySubsequences: false).joined(separator: "$$") }
    }

    private func user(_ message: borrowing BusMessage) throws(BusError) {
        guard let user = unit.process.user else { return }
        try text("User", String(user.user), message)
        try text("Group", String(user.group), message)
        try texts("SupplementaryGroups", user.groups.map(String.init), message)
    }

    private func limits(_ message: borrowing BusMessage) throws(BusError) {
        for limit in unit.process.limits {
            try number("Limit\(limit.resource.unitName)", limit.hard, message)
            try number("Limit\(limit.resource.unitName)Soft", limit.soft, message)
        }
        guard let limits = unit.process.cgroup?.limits else { return }
        if let memory = limits.memory { try number("MemoryMax", UInt64(memory), message) }
        if let tasks = limits.tasks { try number("TasksMax", UInt64(tasks), message) }
        // Percent of a processor, as microseconds in a second.
        if let cpu = limits.cpu { try number("CPUQuotaPerSecUSec", UInt64(cpu) * 10_000, message) }
    }

    // MARK: Kinds of values

    private func property(
        _ name: String,
        _ signature: String,
        _ message: borrowing BusMessage,
        _ value: () throws(BusError) -> Void
    ) throws(BusError) {
        try message.container("r", "sv") { () throws(BusError) in
            try message.append(name)
            try message.container("v", signature, value)
        }
    }

    private func text(_ name: String, _ value: String, _ message: borrowing BusMessage) throws(BusError) {
        try property(name, "s", message) { () throws(BusError) in try message.append(value) }
    }

    private func flag(_ name: String, _ value: Bool, _ message: borrowing BusMessage) throws(BusError) {
        try property(name, "b", message) { () throws(BusError) in try message.append(value) }
    }

    private func number(_ name: String, _ value: UInt64, _ message: borrowing BusMessage) throws(BusError) {
        try property(name, "t", message) { () throws(BusError) in try message.append(value) }
    }

    private func texts(_ name: String, _ values: [String], _ message: borrowing BusMessage) throws(BusError) {
        try property(name, "as", message) { () throws(BusError) in try list(values, message) }
    }

    private func descriptor(_ name: String, _ value: CInt, _ message: borrowing BusMessage) throws(BusError) {
        try property(name, "h", message) { () throws(BusError) in try message.append(descriptor: value) }
    }

    private func list(_ values: [String], _ message: borrowing BusMessage) throws(BusError) {
        try message.container("a", "s") { () throws(BusError) in
            for value in values { try message.append(value) }
        }
    }
}

extension UnitMessage {
    /// The text of a file as `EnvironmentFile=` reads it (`systemd.exec(5)`): each value in quotes, as it is.
    static func environmentText(_ entries: [String]) -> String {
        entries.map { entry in
            let parts = entry.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let value = (parts.dropFirst().first ?? "").unicodeScalars.reduce(into: "") { text, scalar in
                if "\"\\`$".unicodeScalars.contains(scalar) { text.append("\\") }
                text.unicodeScalars.append(scalar)
            }
            return "\(parts[0])=\"\(value)\"\n"
        }.joined()
    }
}

extension ResourceLimit.Resource {
    /// As in `LimitNOFILE=`.
    fileprivate var unitName: String {
        switch self {
        case .openFiles: "NOFILE"
        case .processes: "NPROC"
        case .core: "CORE"
        case .fileSize: "FSIZE"
        case .addressSpace: "AS"
        case .data: "DATA"
        case .stack: "STACK"
        case .lockedMemory: "MEMLOCK"
        case .cpuSeconds: "CPU"
        }
    }
}
