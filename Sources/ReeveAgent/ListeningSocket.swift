import CLinux
import Glibc
import ReeveProcess

/// A Unix socket that clients connect to. It belongs to the process: a restart of the part that serves it does not close
/// it, and clients that connect meanwhile wait.
package struct ListeningSocket: Sendable {
    package let descriptor: CInt
    /// `nil` for a socket that was passed in and has none that we know.
    package let path: String?
    /// Whether this process made the file, and removes it at the end.
    package let isOwned: Bool

    /// A socket that systemd made and keeps.
    package init(passed descriptor: CInt) {
        self.descriptor = descriptor
        path = Self.path(of: descriptor)
        isOwned = false
    }

    /// Makes the file and listens.
    ///
    /// A file that is left of an agent that is gone is taken over; one that answers is not. Throws ``SocketError``.
    package init(_ configuration: SocketConfiguration) throws(SocketError) {
        let path = configuration.path
        let address = try Self.address(path)
        Self.makeFolders(above: path)
        let descriptor = socket(AF_UNIX, CInt(SOCK_STREAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw SocketError("cannot make a socket", errno) }
        self.descriptor = descriptor
        do throws(SocketError) {
            try Self.takeOver(path, address)
            // Nobody can connect before the file has its permissions: Linux makes it with those of the socket, which are
            // none. The umask would do that too, but it is that of all threads.
            guard fchmod(descriptor, 0) == 0, Self.with(address, { bind(descriptor, $0, $1) }) == 0 else {
                throw SocketError("cannot make the socket \(path)", errno)
            }
            try Self.open(path, to: configuration)
            guard listen(descriptor, 1024) == 0 else { throw SocketError("cannot listen on \(path)", errno) }
        } catch {
            close(descriptor)
            throw error
        }
        self.path = path
        isOwned = true
    }

    /// Removes the file, if this process made it.
    package func remove() {
        close(descriptor)
        if isOwned, let path { unlink(path) }
    }

    // MARK: Pieces

    private static func address(_ path: String) throws(SocketError) -> sockaddr_un {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let room = MemoryLayout.size(ofValue: address.sun_path) - 1
        let bytes = Array(path.utf8)
        guard !bytes.isEmpty, !bytes.contains(0) else { throw SocketError("\"\(path)\" cannot be a socket's path") }
        guard bytes.count <= room else {
            throw SocketError(
                "the socket path \(path) is \(bytes.count) bytes long, and Linux takes \(room)",
                hint: "choose a shorter one with --socket"
            )
        }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
        return address
    }

    private static func with(
        _ address: sockaddr_un,
        _ body: (UnsafePointer<sockaddr>, socklen_t) -> CInt
    ) -> CInt {
        withUnsafePointer(to: address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                body($0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
    }

    private static func takeOver(_ path: String, _ address: sockaddr_un) throws(SocketError) {
        var status = stat()
        guard lstat(path, &status) == 0 else { return }
        guard status.st_mode & S_IFMT == S_IFSOCK else {
            throw SocketError(
                "\(path) is there and is no socket",
                hint: "remove it, or choose another path with --socket"
            )
        }
        let probe = socket(AF_UNIX, CInt(SOCK_STREAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue), 0)
        defer { close(probe) }
        guard with(address, { connect(probe, $0, $1) }) != 0 else {
            var peer = clinux_peer()
            let holder = clinux_peer(probe, &peer) == 0 ? "pid \(peer.pid)" : "another process"
            throw SocketError(
                "\(holder) listens on \(path) already",
                hint: "that is the agent to use, or choose another path with --socket"
            )
        }
        unlink(path)
    }

    private static func open(_ path: String, to configuration: SocketConfiguration) throws(SocketError) {
        if let group = configuration.group {
            guard let entry = getgrnam(group) else { throw SocketError("there is no group \(group) for \(path)") }
            guard chown(path, uid_t.max, entry.pointee.gr_gid) == 0 else {
                throw SocketError("cannot give \(path) to the group \(group)", errno)
            }
        }
        guard chmod(path, configuration.mode) == 0 else { throw SocketError("cannot open \(path) to its users", errno) }
    }

    private static func makeFolders(above path: String) {
        var prefix = ""
        for part in path.split(separator: "/").dropLast() {
            prefix += "/\(part)"
            if path.hasPrefix("/") { mkdir(prefix, 0o755) }  // one that is there stays as it is
        }
    }

    private static func path(of descriptor: CInt) -> String? {
        var address = sockaddr_un()
        var length = socklen_t(MemoryLayout<sockaddr_un>.size)
        let status = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(descriptor, $0, &length) }
        }
        guard status == 0, address.sun_family == AF_UNIX else { return nil }
        let bytes = withUnsafeBytes(of: address.sun_path) { $0.prefix { $0 != 0 } }
        return bytes.isEmpty ? nil : String(decoding: bytes, as: UTF8.self)
    }
}

/// Why a socket could not be had.
package struct SocketError: Error, Sendable, CustomStringConvertible {
    package var description: String

    init(_ what: String, _ number: CInt? = nil, hint: String? = nil) {
        description =
            what + (number.map { ": \(errorText($0))" } ?? "")
            + (hint.map { "; \($0)" } ?? "")
    }
}
