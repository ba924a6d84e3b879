import Glibc

/// What the bus, or who was asked over it, could not do.
struct BusError: Error, Sendable, CustomStringConvertible {
    /// As in `org.freedesktop.systemd1.NoSuchUnit`; `nil`: it was libsystemd itself.
    var name: String?
    var number: CInt
    var description: String

    init(name: String? = nil, number: CInt, _ description: String? = nil) {
        self.name = name
        self.number = number
        self.description = description ?? String(cString: strerror(number)).lowercased()
    }

    /// Also where nobody has the manager's name, as while it executes itself anew.
    private static let lost: Set<String> = [
        "NoReply", "Timeout", "TimedOut", "Disconnected", "ServiceUnknown", "NameHasNoOwner",
    ]

    /// There was no answer: whether it was done nobody knows.
    var isLost: Bool {
        name.map { Self.lost.contains(String($0.split(separator: ".").last ?? "")) }
            ?? [ECONNRESET, ENOTCONN, ETIMEDOUT].contains(number)
    }

    /// Turns libsystemd's negative results into errors.
    @discardableResult
    static func check(_ result: CInt) throws(BusError) -> CInt {
        guard result >= 0 else { throw BusError(number: -result) }
        return result
    }
}
