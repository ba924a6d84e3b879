/// A process that could not be killed in time.
package struct Survivor: Sendable, Equatable, CustomStringConvertible {
    package let pid: Int32
    /// Of its program, as the kernel shortens it.
    package let name: String
    /// Whether it waits for a device and hears nothing meanwhile, not even SIGKILL.
    package let isUninterruptible: Bool

    /// `4711 (dd, waits for a device)`
    package var description: String {
        "\(pid) (\(name)\(isUninterruptible ? ", waits for a device" : ""))"
    }

    init(_ status: ProcessStatus) {
        pid = status.pid
        let text = readFile("/proc/\(status.pid)/comm", limit: 64) ?? []
        name = String(decoding: text.prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self)
        isUninterruptible = status.state == "D"
    }
}
