import Glibc

/// The state directory's lock: one agent at a time.
///
/// The process takes it once and keeps it until it ends; the kernel gives it back however the process ends. It is apart
/// from ``Store`` so that opening the database anew does not let another agent in between.
package final class StoreLock: Sendable {
    private let descriptor: CInt

    private init(descriptor: CInt) {
        self.descriptor = descriptor
    }

    deinit {
        // By name: a command that is being started just now has a copy of the descriptor until it executes.
        flock(descriptor, LOCK_UN)
        close(descriptor)
    }

    /// Takes `DIRECTORY/lock`, and makes the directory (0700) if only its last part is missing.
    ///
    /// Throws ``StoreError`` `held` with the other's pid, or `storage` where the file cannot be made.
    package static func take(directory: String) throws(StoreError) -> StoreLock {
        try makeDirectory(directory)
        let path = directory + "/lock"
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw cannot("open", path) }
        let lock = StoreLock(descriptor: descriptor)
        var patience = 200
        while flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
            switch errno {
            case EINTR: continue
            case EWOULDBLOCK where patience > 0 && lock.isHolderGone:
                // An agent that was killed while it started a command: that one lets go of the lock when it executes.
                patience -= 1
                poll(nil, 0, 10)
            case EWOULDBLOCK: throw lock.held(path)
            default: throw cannot("lock", path)
            }
        }
        try lock.writePID(path)
        return lock
    }

    /// Makes the directory and those above it. Others may pass through it, to the scripts of their own runs, but not look
    /// around; what it holds is closed to them file by file.
    static func makeDirectory(_ path: String) throws(StoreError) {
        guard mkdir(path, 0o711) != 0, errno != EEXIST else { return }
        let number = errno
        guard number == ENOENT, let slash = path.lastIndex(of: "/"), slash != path.startIndex else {
            errno = number
            throw cannot("make", path)
        }
        try makeDirectory(String(path[..<slash]))
        guard mkdir(path, 0o711) == 0 else { throw cannot("make", path) }
    }

    private func held(_ path: String) -> StoreError {
        let pid = holder
        let holder = pid.map { "process \($0)" } ?? "another process"
        return StoreError(.held(by: pid), "\(holder) uses this state directory already (\(path))")
    }

    /// The process that took the lock last, if it has come to write that down.
    private var holder: Int? {
        var digits = [UInt8](repeating: 0, count: 20)
        let count = pread(descriptor, &digits, digits.count, 0)
        return Int(String(decoding: digits.prefix(max(0, count)).prefix { $0 > 0x20 }, as: UTF8.self))
    }

    private var isHolderGone: Bool {
        guard let pid = holder.flatMap(pid_t.init(exactly:)), pid > 0 else { return false }
        return kill(pid, 0) != 0 && errno == ESRCH
    }

    private func writePID(_ path: String) throws(StoreError) {
        let text = Array("\(getpid())\n".utf8)
        guard ftruncate(descriptor, 0) == 0, pwrite(descriptor, text, text.count, 0) == text.count else {
            throw Self.cannot("write", path)
        }
    }

    static func cannot(_ action: String, _ path: String) -> StoreError {
        StoreError(.storage, "cannot \(action) \(path): \(String(cString: strerror(errno)))")
    }
}
