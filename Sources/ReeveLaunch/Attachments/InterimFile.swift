import Glibc
import ReeveProcess

/// What a file is until it is whole: another one beside it, with a name that nobody else uses at that time.
///
/// It is locked for as long as somebody writes it: so one that an agent has left which was killed meanwhile is told from
/// one that another run, or another agent, is about to put in the same place.
struct InterimFile {
    /// Open for writing.
    let file: CInt
    let name: String
    private let folder: CInt

    /// Makes it, for its owner alone; `nil`, with the reason in `errno`, if that cannot be.
    init?(of target: String, in folder: CInt) {
        self.folder = folder
        while true {
            let name = Self.beginning(target) + String(UInt64.random(in: .min ... .max), radix: 36)
            let file = openat(folder, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
            if file < 0, errno == EEXIST { continue }
            guard file >= 0 else { return nil }
            // Where a file system knows no locks, nobody can take it for one that was left either.
            _ = flock(file, LOCK_EX)
            var status = stat()
            if fstat(file, &status) == 0, status.st_nlink > 0 {
                self.file = file
                self.name = name
                return
            }
            // Taken for one that was left, before it was locked.
            close(file)
        }
    }

    /// Closes it, and removes it if it was not put in place.
    func remove() {
        unlinkat(folder, name, 0)
        close(file)
    }

    /// Removes those for a target that nobody writes any more.
    static func removeLeft(of target: String, in folder: CInt) {
        // A folder is read from where its descriptor stands, which others use too: from one of its own.
        let reading = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard reading >= 0 else { return }
        guard let stream = fdopendir(reading) else {
            close(reading)
            return
        }
        defer { closedir(stream) }
        let beginning = beginning(target)
        for name in folderEntries(of: stream).names where name.utf8.starts(with: beginning.utf8) {
            let file = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK)
            guard file >= 0 else { continue }
            if flock(file, LOCK_EX | LOCK_NB) == 0 { unlinkat(folder, name, 0) }
            close(file)
        }
    }

    private static func beginning(_ target: String) -> String {
        // Of a long name as much as a file's name may have (NAME_MAX), with what comes behind it.
        ".\(String(decoding: target.utf8.prefix(200), as: UTF8.self)).reeve-"
    }
}
