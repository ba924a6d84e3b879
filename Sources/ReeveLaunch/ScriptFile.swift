import Glibc
import ReeveProcess
import ReeveProtocol

/// A script as a private file: in a folder of its own that only its user may enter, created and never overwritten.
struct ScriptFile {
    let directory: String
    var path: String { "\(directory)/script" }
    /// What runs it: its `#!` line, read as the kernel reads it, else `/bin/sh -e` — so that it also runs where the
    /// folder's file system does not let files be executed.
    let interpreter: [String]

    init(_ text: String, directory: String, user: UserRecord) throws(FileFailure) {
        self.directory = directory
        interpreter = Self.interpreter(of: text)
        let parent = directory[..<(directory.lastIndex(of: "/") ?? directory.startIndex)]
        mkdir(String(parent), 0o711)
        guard mkdir(directory, 0o700) == 0 else { throw FileFailure("make the folder", directory) }
        let file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o500)
        guard file >= 0 else { throw FileFailure("make", path) }
        defer { close(file) }
        let number = writeAll(Array(text.utf8), to: file)
        guard number == 0 else { throw FileFailure("write", path, number) }
        guard geteuid() == 0 else { return }
        guard fchown(file, user.uid, user.gid) == 0, chown(directory, user.uid, user.gid) == 0 else {
            throw FileFailure("give to user \(user.name)", path)
        }
    }

    /// Removes what is there of it; nothing is an error.
    static func remove(directory: String) {
        unlink("\(directory)/script")
        rmdir(directory)
    }

    /// `#!PATH [ONE ARGUMENT]` (execve(2)).
    private static func interpreter(of text: String) -> [String] {
        guard text.hasPrefix("#!") else { return ["/bin/sh", "-e"] }
        let line = text.dropFirst(2).prefix { $0 != "\n" && $0 != "\r\n" }
        let parts = line.split(maxSplits: 1, omittingEmptySubsequences: true) { $0 == " " || $0 == "\t" }
        guard let program = parts.first else { return ["/bin/sh", "-e"] }
        let argument = parts.count > 1 ? String(parts[1]).trimmingBlanks : ""
        return argument.isEmpty ? [String(program)] : [String(program), argument]
    }
}

/// Why a file could not be made, as a person reads it.
struct FileFailure: Error, CustomStringConvertible {
    var description: String

    init(_ what: String, _ path: String, _ number: CInt = errno) {
        description = "cannot \(what) \(path): \(errorText(number))"
    }
}

extension String {
    fileprivate var trimmingBlanks: String {
        var text = self[...]
        while let last = text.last, last == " " || last == "\t" { text.removeLast() }
        while let first = text.first, first == " " || first == "\t" { text.removeFirst() }
        return String(text)
    }
}
