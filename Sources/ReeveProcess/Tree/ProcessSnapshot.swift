import Glibc
import NIOConcurrencyHelpers

/// All processes of the host, as they were while this was made.
final class ProcessSnapshot: Sendable {
    let processes: [ProcessStatus]
    /// As they were when they were asked for first.
    private let environments = NIOLockedValueBox<[pid_t: [UInt8]]>([:])

    init() {
        let names = ProcessStatus.isAvailable ? folderEntries("/proc") : []
        processes = names.compactMap { pid_t($0).flatMap { ProcessStatus(pid: $0) } }
    }

    /// Whether all of these stand in the environment that the process was executed with.
    func hasInEnvironment(_ pid: pid_t, _ entries: [[UInt8]]) -> Bool {
        if let known = environments.withLockedValue({ $0[pid] }) { return Self.environment(known, has: entries) }
        let read = Self.environment(of: pid)
        environments.withLockedValue { $0[pid] = read }
        return Self.environment(read, has: entries)
    }

    /// Empty if it cannot be read.
    static func environment(of pid: pid_t) -> [UInt8] {
        readFile("/proc/\(pid)/environ", limit: 256 * 1024) ?? []
    }

    /// Whether all of these are among the zero-ended entries.
    static func environment(_ environment: [UInt8], has entries: [[UInt8]]) -> Bool {
        environment.withUnsafeBytes { text in entries.allSatisfy { has(text, $0) } }
    }

    private static func has(_ text: UnsafeRawBufferPointer, _ entry: [UInt8]) -> Bool {
        var begin = 0
        while let base = text.baseAddress, text.count - begin >= entry.count {
            let end = memchr(base + begin, 0, text.count - begin).map { $0 - UnsafeMutableRawPointer(mutating: base) }
            let count = (end ?? text.count) - begin
            if count == entry.count, memcmp(base + begin, entry, count) == 0 { return true }
            begin += count + 1
        }
        return false
    }
}
