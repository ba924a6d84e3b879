package import ReeveProcess
package import ReeveProtocol

extension LimitsDefinition {
    /// Those that the kernel keeps for each process.
    var ofProcess: [ResourceLimit] {
        let values: [(ResourceLimit.Resource, Int?)] = [
            (.openFiles, openFiles), (.processes, processes), (.core, coreSize?.bytes), (.fileSize, fileSize?.bytes),
            (.addressSpace, addressSpace?.bytes), (.data, dataSize?.bytes), (.stack, stackSize?.bytes),
            (.lockedMemory, lockedMemory?.bytes), (.cpuSeconds, cpuTime.map { Int(($0.milliseconds + 999) / 1000) }),
        ]
        return values.compactMap { resource, value in value.map { ResourceLimit(resource, UInt64($0)) } }
    }
}

extension CgroupLimits {
    /// Those that bind it together with all that it starts.
    package init(_ limits: LimitsDefinition?) {
        self.init(memory: limits?.memory?.bytes, cpu: limits?.cpu?.percent, tasks: limits?.tasks)
    }
}

extension StandardInput {
    init(_ command: CommandDefinition) {
        if let terminal = command.terminal {
            let (columns, rows) = (UInt16(clamping: terminal.columns ?? 80), UInt16(clamping: terminal.rows ?? 24))
            self = .terminal(TerminalSize(columns: columns, rows: rows))
            return
        }
        switch command.input {
        case .none: self = .null
        case .text(let text): self = .bytes(Array(text.utf8))
        case .file(let path): self = .file(path)
        }
    }
}
