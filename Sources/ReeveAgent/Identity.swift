import Glibc
package import ReeveProtocol

/// What an agent says of itself that does not change while it runs.
package struct Identity: Sendable {
    /// The version of reeve.
    package static let version = ReeveProtocol.version

    package var name: String
    package var pid: Int32
    /// The kernel's id of this boot (`/proc/sys/kernel/random/boot_id`); empty where there is none.
    package var boot: String
    package var startedAt: Timestamp
    package var socketPaths: [String]

    package init(name: String, startedAt: Timestamp, socketPaths: [String]) {
        self.name = name
        pid = getpid()
        boot = Self.bootID
        self.startedAt = startedAt
        self.socketPaths = socketPaths
    }

    /// A time before this version: it cannot be earlier now. Set with the version.
    static let earliestTime = Timestamp(seconds: 1_793_491_200)  // 2026-11-01T00:00:00Z

    /// Read once: it cannot change while this process lives.
    static let bootID = readBootID()

    private static func readBootID() -> String {
        guard let file = fopen("/proc/sys/kernel/random/boot_id", "re") else { return "" }
        defer { fclose(file) }
        var buffer = [CChar](repeating: 0, count: 64)
        guard fgets(&buffer, CInt(buffer.count), file) != nil else { return "" }
        return String(decoding: buffer.prefix { $0 != 0 && $0 != 10 }.map(UInt8.init), as: UTF8.self)
    }
}
