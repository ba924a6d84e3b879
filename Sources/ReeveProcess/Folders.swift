import Glibc

/// Makes the folders above a file that are not there yet. Whether that went well shows in making the file.
func createFolders(above path: String, mode: mode_t) {
    guard let slash = path.lastIndex(of: "/"), slash != path.startIndex else { return }
    let folder = String(path[..<slash])
    if mkdir(folder, mode) < 0, errno == ENOENT {
        createFolders(above: folder, mode: mode)
        mkdir(folder, mode)
    }
}
