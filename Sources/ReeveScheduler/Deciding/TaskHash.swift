/// A number that is a task's own on a host, the same each time: what spreads load hangs on it.
package struct TaskHash: Sendable, Hashable {
    private let value: UInt64

    /// - Parameter host: What tells the host from others.
    package init(host: String, task: String) {
        var hash = FNV1a()
        hash.add(host.utf8)
        // Such a byte is in no text.
        hash.add([0xFF])
        hash.add(task.utf8)
        value = Self.mixed(hash.value)
    }

    /// The low bits of a hash follow the last letters; mixing makes all bits count.
    private static func mixed(_ hash: UInt64) -> UInt64 {
        var hash = (hash ^ hash >> 30) &* 0xBF58_476D_1CE4_E5B9
        hash = (hash ^ hash >> 27) &* 0x94D0_49BB_1331_11EB
        return hash ^ hash >> 31
    }

    /// A number from 0 on and below `count`.
    func number(below count: UInt64) -> UInt64 { value.multipliedFullWidth(by: count).high }

    /// The same for something of the task that is to have a number of its own.
    func with(_ salt: Int64) -> TaskHash { TaskHash(value: Self.mixed(value ^ UInt64(bitPattern: salt))) }

    private init(value: UInt64) {
        self.value = value
    }
}
