import Glibc

/// A socket that a process which is about to be started can send to. It is removed again unless it is taken.
struct NotifySocket: ~Copyable {
    private let path: String
    private var descriptor: CInt

    private init(path: String, descriptor: CInt) {
        self.path = path
        self.descriptor = descriptor
    }

    /// - Parameter user: Who may send to it, besides root; `nil`: the agent's user.
    static func make(
        _ specification: NotifySocketSpecification,
        for user: ProcessUser?
    ) throws(StartError) -> NotifySocket {
        let path = specification.path
        var address = try address(path)
        createFolders(above: path, mode: 0o711)
        let opened = socket(AF_UNIX, CInt(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue), 0)
        guard opened >= 0 else { throw StartError(.notifySocket, errno: errno, path: path) }
        let descriptor = Descriptor(opened)
        var status = stat()
        if lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFSOCK { unlink(path) }
        // Linux makes the file with the permissions of the socket: none, until it belongs to who may send.
        guard fchmod(opened, 0) == 0, bind(opened, &address) == 0 else {
            throw StartError(.notifySocket, errno: errno, path: path)
        }
        let number = give(path, to: user)
        guard number == 0 else {
            unlink(path)
            throw StartError(.notifySocket, errno: number, path: path)
        }
        return NotifySocket(path: path, descriptor: descriptor.take())
    }

    var raw: CInt { descriptor }

    /// Hands the descriptor over; closing it and removing the file are the caller's part from now on.
    consuming func take() -> CInt {
        let taken = descriptor
        descriptor = -1
        return taken
    }

    deinit {
        guard descriptor >= 0 else { return }
        close(descriptor)
        unlink(path)
    }

    private static func address(_ path: String) throws(StartError) -> sockaddr_un {
        let bytes = Array(path.utf8)
        guard bytes.first == UInt8(ascii: "/"), !bytes.contains(0) else {
            throw StartError(.notifySocket, errno: EINVAL, path: path, detail: "it is not an absolute path")
        }
        let maximum = NotifySocketSpecification.maximumPath
        guard bytes.count <= maximum else {
            let detail = "its path is \(bytes.count) bytes long, and Linux takes \(maximum)"
            throw StartError(.notifySocket, errno: ENAMETOOLONG, path: path, detail: detail)
        }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
        return address
    }

    private static func bind(_ descriptor: CInt, _ address: inout sockaddr_un) -> CInt {
        withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
    }

    /// 0, or the error number.
    private static func give(_ path: String, to user: ProcessUser?) -> CInt {
        if let user, lchown(path, user.user, user.group) != 0 { return errno }
        return chmod(path, 0o600) == 0 ? 0 : errno
    }
}
