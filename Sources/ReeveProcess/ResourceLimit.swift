import Glibc

/// One of the kernel's limits on a process (`setrlimit`).
package struct ResourceLimit: Sendable, Equatable {
    package enum Resource: String, Sendable, CaseIterable {
        case addressSpace, core, cpuSeconds, data, fileSize, lockedMemory, openFiles, processes, stack
    }

    package static let unlimited = UInt64.max

    package var resource: Resource
    /// Bytes, seconds or a count, as the resource has it.
    package var soft: UInt64
    /// How far the process may raise it by itself.
    package var hard: UInt64

    package init(_ resource: Resource, soft: UInt64, hard: UInt64) {
        self.resource = resource
        self.soft = soft
        self.hard = hard
    }

    package init(_ resource: Resource, _ value: UInt64) {
        self.init(resource, soft: value, hard: value)
    }
}

extension ResourceLimit.Resource {
    var number: CInt {
        let resource =
            switch self {
            case .addressSpace: RLIMIT_AS
            case .core: RLIMIT_CORE
            case .cpuSeconds: RLIMIT_CPU
            case .data: RLIMIT_DATA
            case .fileSize: RLIMIT_FSIZE
            case .lockedMemory: __RLIMIT_MEMLOCK
            case .openFiles: RLIMIT_NOFILE
            case .processes: __RLIMIT_NPROC
            case .stack: RLIMIT_STACK
            }
        return CInt(resource.rawValue)
    }
}
