import CSystemd
import Glibc

/// A descriptor that the service manager opened and passed (`sd_listen_fds(3)`).
package struct PassedDescriptor: Sendable, Equatable {
    package let number: Int32
    /// The unit's `FileDescriptorName=`, which by default is the name of the socket unit; `nil` where the manager told
    /// none.
    package let name: String?

    /// Takes what was passed to this process, in the order of the unit's lines, and marks each close-on-exec.
    ///
    /// The descriptors are the caller's from now on, and there is nothing more to take: the environment variables that
    /// told of them are gone. Call it before there are other threads. Without a manager there is none.
    package static func take() throws(SystemdError) -> [PassedDescriptor] {
        var names: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?
        let result = sd_listen_fds_with_names(1, &names)
        defer { free(names) }
        let count = try SystemdError.check(result, "take the descriptors passed by the service manager")
        return (0..<count).map { index in
            let name = names?[Int(index)]
            defer { free(name) }
            return PassedDescriptor(number: SD_LISTEN_FDS_START + index, name: name.flatMap(known))
        }
    }

    /// Whether it is a stream socket that clients connect to.
    package var isListeningStream: Bool {
        sd_is_socket(number, AF_UNSPEC, Int32(SOCK_STREAM.rawValue), 1) > 0
    }

    /// The manager's word for a descriptor without a name.
    private static func known(_ name: UnsafeMutablePointer<CChar>) -> String? {
        let text = String(cString: name)
        return text.isEmpty || text == "unknown" ? nil : text
    }
}
