import Glibc
import ReeveProtocol

/// Appends lines to a file, and syncs them. A file that was renamed or removed meanwhile is made anew (logrotate(8)); one
/// that would become too large is renamed, where the endpoint asks for that.
struct FilePlace: LinePlace {
    private let path: String
    private let rotation: RotationDefinition?
    private var file: AppendedFile?

    init(path: String, rotation: RotationDefinition?) {
        self.path = path
        self.rotation = rotation
    }

    mutating func write(_ lines: [[UInt8]], while isWanted: () -> Bool) throws(TransportFailure) {
        do throws(TransportFailure) {
            if let file, !file.isAt(path) { self.file = nil }
            var file: AppendedFile
            if let open = self.file { file = open } else { file = try AppendedFile(path) }
            file.begin()
            for line in lines {
                if let rotation, file.size > 0, file.size + line.count > rotation.size.bytes {
                    try file.sync(path)
                    try rotate(keep: rotation.keep ?? RotationDefinition.defaultKeep)
                    file = try AppendedFile(path)
                }
                try file.append(line, path)
            }
            try file.sync(path)
            self.file = file
        } catch {
            // What could not be synced once may seem to be the next time: begin anew.
            file = nil
            throw error
        }
    }

    private func rotate(keep: Int) throws(TransportFailure) {
        for number in (0..<keep).reversed() {
            let from = number == 0 ? path : "\(path).\(number)"
            guard rename(from, "\(path).\(number + 1)") != 0 else { continue }
            // There are not yet as many as are kept.
            if number > 0, errno == ENOENT { continue }
            throw failure("rename", from)
        }
    }
}

/// A file that is open for appending, by whole lines.
private struct AppendedFile: Sendable {
    private let file: OpenDescriptor
    /// Its size, as far as it is known.
    private(set) var size: Int
    /// Its size at the beginning of what is being written.
    private var start: Int
    /// What was written last has no line break at its end: an agent was killed while it wrote.
    private var isTorn = false

    /// Makes the file if it is not there, readable for owner and group.
    init(_ path: String) throws(TransportFailure) {
        // Without waiting for who reads a pipe of that name.
        let number = open(path, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NONBLOCK, 0o640)
        guard number >= 0 else { throw failure("open", path) }
        file = OpenDescriptor(number)
        var status = stat()
        guard fstat(number, &status) == 0 else { throw failure("look at", path) }
        guard status.st_mode & S_IFMT == S_IFREG else { throw TransportFailure("\(path) is not a regular file") }
        size = status.st_size
        start = size
        var last: UInt8 = 0
        if size > 0, pread(number, &last, 1, size - 1) == 1 { isTorn = last != UInt8(ascii: "\n") }
        try Self.syncFolder(of: path)
    }

    /// Whether it is still the file of that path.
    func isAt(_ path: String) -> Bool {
        var (own, found) = (stat(), stat())
        return fstat(file.number, &own) == 0 && stat(path, &found) == 0
            && own.st_dev == found.st_dev && own.st_ino == found.st_ino
    }

    mutating func begin() {
        // Somebody may have emptied it, or written to it as well.
        var status = stat()
        if fstat(file.number, &status) == 0 { size = status.st_size }
        start = size
    }

    mutating func append(_ line: [UInt8], _ path: String) throws(TransportFailure) {
        let bytes = isTorn ? [UInt8(ascii: "\n")] + line : line
        isTorn = false
        var written = 0
        while written < bytes.count {
            let count = bytes[written...].withUnsafeBytes { Glibc.write(file.number, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else {
                let why = failure("write", path)
                takeBack(written)
                throw why
            }
            written += count
        }
        size += written
    }

    func sync(_ path: String) throws(TransportFailure) {
        guard fdatasync(file.number) == 0 else { throw failure("sync", path) }
    }

    /// Of a line for which there was no room nothing stays, unless somebody else has written behind it.
    private func takeBack(_ written: Int) {
        var status = stat()
        guard fstat(file.number, &status) == 0, status.st_size == size + written else { return }
        // If that fails, too, the next line begins behind a line break.
        _ = ftruncate(file.number, start)
    }

    /// A new file is there after a crash only if its folder was synced.
    private static func syncFolder(of path: String) throws(TransportFailure) {
        let folder = path.lastIndex(of: "/").map { path[..<$0] } ?? ""
        let number = open(folder.isEmpty ? "/" : String(folder), O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard number >= 0 else { throw failure("open", String(folder)) }
        defer { close(number) }
        guard fsync(number) == 0 else { throw failure("sync", String(folder)) }
    }
}

/// A descriptor that is closed when nobody has it any more.
private final class OpenDescriptor: Sendable {
    let number: CInt

    init(_ number: CInt) {
        self.number = number
    }

    deinit { close(number) }
}

private func failure(_ what: String, _ path: String) -> TransportFailure {
    TransportFailure("cannot \(what) \(path): \(String(cString: strerror(errno)))")
}
