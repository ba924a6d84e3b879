import Glibc

/// What libsystemd could not do.
package struct SystemdError: Error, Sendable, Equatable, CustomStringConvertible {
    /// What was tried, as in "cannot …".
    package let operation: String
    /// An error number of the system, positive.
    package let number: Int32

    package var description: String {
        "cannot \(operation): \(String(cString: strerror(number)))"
    }

    /// Turns libsystemd's negative results into errors; answers the others.
    static func check(_ result: Int32, _ operation: String) throws(SystemdError) -> Int32 {
        guard result >= 0 else { throw SystemdError(operation: operation, number: -result) }
        return result
    }
}
