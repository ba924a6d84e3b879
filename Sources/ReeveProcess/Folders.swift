import Glibc

/// The names of what is in a folder, in no order: those that can be read, none if it is not there.
///
/// - Parameter kind: Only what the file system says is of that kind (`DT_…`, readdir(3)); all if `nil`.
package func folderEntries(_ path: String, ofKind kind: Int? = nil) -> [String] {
    guard let folder = opendir(path) else { return [] }
    defer { closedir(folder) }
    return folderEntries(of: folder, ofKind: kind).names
}

/// The same for one that is open, with the number of the error where not all could be read; 0 else.
package func folderEntries(of folder: OpaquePointer, ofKind kind: Int? = nil) -> (names: [String], error: CInt) {
    var names: [String] = []
    while true {
        errno = 0
        guard let entry = readdir(folder) else { return (names, errno) }
        guard kind == nil || kind == Int(entry.pointee.d_type) else { continue }
        let name = withUnsafeBytes(of: &entry.pointee.d_name) {
            String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
        }
        if name != ".", name != ".." { names.append(name) }
    }
}

/// Makes the folders above a file that are not there yet, with these permissions whatever the umask is. Whether that went
/// well shows in making the file.
func createFolders(above path: String, mode: mode_t) {
    guard let slash = path.lastIndex(of: "/"), slash != path.startIndex else { return }
    let folder = String(path[..<slash])
    var result = mkdir(folder, 0o700)
    if result < 0, errno == ENOENT {
        createFolders(above: folder, mode: mode)
        result = mkdir(folder, 0o700)
    }
    if result == 0, mode != 0o700 { chmod(folder, mode) }
}
