import Glibc

/// A folder of a test's own, whose whole content goes with it.
final class TemporaryFolder: Sendable {
    let path: String

    init() throws {
        var template = Array("/tmp/reeve-agent-XXXXXX".utf8CString)
        guard let made = mkdtemp(&template) else { throw FolderError(number: errno) }
        path = String(cString: made)
        // Steps of other users pass through it.
        chmod(path, 0o755)
    }

    deinit {
        Self.remove(path)
    }

    private static func remove(_ path: String) {
        if let folder = opendir(path) {
            while let entry = readdir(folder) {
                let name = withUnsafeBytes(of: entry.pointee.d_name) { bytes in
                    String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
                }
                guard name != ".", name != ".." else { continue }
                let inside = "\(path)/\(name)"
                // A folder is no file to unlink; a link to one is.
                if unlink(inside) != 0 { remove(inside) }
            }
            closedir(folder)
        }
        rmdir(path)
    }

    struct FolderError: Error {
        var number: CInt
    }
}
