import Glibc

/// A folder of a test's own, whose whole content goes with it.
package final class TemporaryFolder: Sendable {
    package let path: String

    package init() throws {
        var template = Array("/tmp/reeve-XXXXXX".utf8CString)
        guard let made = mkdtemp(&template) else { throw FolderFailure(number: errno) }
        path = String(cString: made)
        chmod(path, 0o755)
    }

    private struct FolderFailure: Error {
        var number: CInt
    }

    deinit { Self.remove(path) }

    private static func remove(_ path: String) {
        for name in names(in: path) {
            let inside = "\(path)/\(name)"
            // A folder is no file to unlink; a link to one is.
            if unlink(inside) != 0 { remove(inside) }
        }
        rmdir(path)
    }
}

/// The names of a folder's entries; none where there is no such folder.
package func names(in path: String) -> [String] {
    guard let folder = opendir(path) else { return [] }
    defer { closedir(folder) }
    var names: [String] = []
    while let entry = readdir(folder) {
        let name = withUnsafeBytes(of: entry.pointee.d_name) { bytes in
            String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
        }
        if name != ".", name != ".." { names.append(name) }
    }
    return names
}
