import Glibc

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
