import Glibc
import ReeveProcess
import YAML
import ReeveProtocol

/// A folder whose files say what the agent is to do.
package struct DropInFolder: Sendable, Hashable {
    package let path: String
    /// What a file is that holds no lists.
    package let bare: DropInName.Kind
    /// The configuration names it: then it is to be there.
    package let isNamed: Bool

    package init(_ path: String, bare: DropInName.Kind = .task, isNamed: Bool = false) {
        self.path = path
        self.bare = bare
        self.isNamed = isNamed
    }

    /// Whether a file of that path is one of its own.
    func holds(_ file: String) -> Bool {
        file.hasPrefix(path + "/") && !file.utf8.dropFirst(path.utf8.count + 1).contains(UInt8(ascii: "/"))
    }

    /// What tells it from other folders, whatever they are called.
    struct Identity: Hashable {
        var device: UInt
        var inode: UInt
    }

    /// The files that are read, by name, and which folder it is; `nil` if there is none.
    ///
    /// A file that is renamed or written anew while the folder is read may not be among them. Throws where the folder
    /// cannot be read to its end, and where others than root and the agent's user may put files into it.
    func contents() throws(ConfigurationError) -> (paths: [String], identity: Identity)? {
        guard let stream = opendir(path) else {
            if errno == ENOENT { return nil }
            throw problem("cannot be read: \(errorText(errno))")
        }
        defer { closedir(stream) }
        guard PlainFile.isSafe(dirfd(stream)) else { throw problem(PlainFile.unsafe) }
        var status = stat()
        fstat(dirfd(stream), &status)
        let (names, error) = folderEntries(of: stream)
        guard error == 0 else { throw problem("cannot be read: \(errorText(error))") }
        return (
            names.filter(YAMLDocument.isFile(named:)).sorted().map { "\(path)/\($0)" },
            Identity(device: UInt(status.st_dev), inode: UInt(status.st_ino))
        )
    }

    private func problem(_ text: String) -> ConfigurationError {
        ConfigurationError(problems: ["\(path): \(text)"])
    }
}
