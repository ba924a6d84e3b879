import CLinux
import Glibc
import ReeveProcess

/// Reads files that say what is run, as root perhaps: so only such as nobody else may change, and whole ones only.
enum PlainFile {
    enum Unreadable: Error, Equatable, CustomStringConvertible {
        case isGone
        case isBeingWritten
        case because(String)

        var description: String {
            switch self {
            case .isGone: "is gone"
            case .isBeingWritten: "is being written: it is read when it has been closed"
            case .because(let reason): reason
            }
        }
    }

    private static let longest = 4 << 20

    /// The whole text of a file.
    ///
    /// Throws where it is no plain file, where others than root and the agent's user may write it, where it is larger
    /// than 4 MiB or not UTF-8, and while somebody has it open to write: half of it may be there.
    static func text(_ path: String) throws(Unreadable) -> String {
        let file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard file >= 0 else {
            let number = errno
            var status = stat()
            // A link may be there, and what it leads to not.
            throw number == ENOENT && lstat(path, &status) != 0
                ? .isGone : .because("cannot be read: \(errorText(number))")
        }
        defer { close(file) }
        var status = stat()
        fstat(file, &status)
        guard status.st_mode & S_IFMT == S_IFREG else { throw .because("is no file") }
        guard isSafe(file) else { throw .because(unsafe) }
        // The kernel gives a read lease (fcntl(2)) only where nobody can write, and lets nobody begin to until it is given
        // back, with the file's descriptor at the latest. Where it gives none for another reason there is no such thing.
        guard clinux_lease(file) != -EAGAIN else {
            throw .isBeingWritten
        }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            let count = read(file, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw .because("cannot be read: \(errorText(errno))") }
            guard count > 0 else { break }
            bytes += buffer.prefix(count)
            guard bytes.count <= longest else { throw .because("is larger than 4 MiB") }
        }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw .because("is not UTF-8")
        }
        return text
    }

    static let unsafe = "is refused, for others than root and the agent's user may change it (chown root, chmod go-w)"

    /// Whether nobody but root and the agent's user may write it.
    static func isSafe(_ descriptor: CInt) -> Bool {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { return false }
        return status.st_mode & 0o022 == 0 && (status.st_uid == 0 || status.st_uid == geteuid())
    }
}
