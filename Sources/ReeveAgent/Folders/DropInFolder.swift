import Glibc
import ReeveProtocol

/// A folder whose files say what the agent is to do.
package struct DropInFolder: Sendable, Hashable {
    package let path: String
    /// What a file is that holds no lists.
    package let bare: DropInFile.Bare

    package init(_ path: String, bare: DropInFile.Bare = .task) {
        self.path = path
        self.bare = bare
    }

    /// The files that are read, by name: `*.yaml`, `*.yml`, `*.json`, but no hidden ones; `nil` if there is no such folder.
    ///
    /// Throws where the folder cannot be read to its end, and where others than root and the agent's user may put files
    /// into it.
    package func paths() throws(ConfigurationError) -> [String]? {
        // A file that is renamed while the folder is read may be seen under both names or under none.
        for _ in 0..<100 {
            let before = changedAt
            let names = try names()?.sorted()
            // Its time is only as fine as the kernel's tick: so it is read twice.
            if try names == self.names()?.sorted(), before == changedAt { return names?.map { "\(path)/\($0)" } }
        }
        throw problem("changes all the time")
    }

    /// When an entry of it came or went last, in nanoseconds; `nil` if it is not there.
    private var changedAt: Int? {
        var status = stat()
        guard stat(path, &status) == 0 else { return nil }
        return status.st_mtim.tv_sec * 1_000_000_000 + status.st_mtim.tv_nsec
    }

    private func names() throws(ConfigurationError) -> [String]? {
        guard let stream = opendir(path) else {
            if errno == ENOENT { return nil }
            throw problem("cannot be read: \(PlainFile.meaning(errno))")
        }
        defer { closedir(stream) }
        guard PlainFile.isSafe(dirfd(stream)) else { throw problem(PlainFile.unsafe) }
        var names: [String] = []
        while true {
            errno = 0
            guard let entry = readdir(stream) else {
                if errno == 0 { break }
                throw problem("cannot be read: \(PlainFile.meaning(errno))")
            }
            let name = withUnsafeBytes(of: entry.pointee.d_name) {
                String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
            }
            let isRead = [".yaml", ".yml", ".json"].contains { name.hasSuffix($0) && name.count > $0.count }
            if isRead, !name.hasPrefix(".") { names.append(name) }
        }
        return names
    }

    private func problem(_ text: String) -> ConfigurationError {
        ConfigurationError(problems: ["\(path): \(text)"])
    }
}
