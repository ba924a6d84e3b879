import Glibc

/// The programs under test: they are built next to the test bundle.
enum Products {
    static var reeved: String { folder + "/reeved" }
    static var reeve: String { folder + "/reeve" }

    /// The repository's files that no build makes.
    static func file(_ path: String) -> String {
        let parts = #filePath.split(separator: "/").dropLast(3)
        return "/" + parts.joined(separator: "/") + "/" + path
    }

    private static let folder: String = {
        let candidates = [executable] + CommandLine.arguments.filter { $0.contains(".xctest") }
        for path in candidates {
            // The bundle is a file here and a folder elsewhere: the programs may be some folders up.
            var parts = path.split(separator: "/").dropLast()
            while !parts.isEmpty {
                let folder = "/" + parts.joined(separator: "/")
                if access(folder + "/reeved", X_OK) == 0 { return folder }
                parts.removeLast()
            }
        }
        return "."
    }()

    /// This program.
    static var tests: String { executable }

    private static var executable: String {
        var buffer = [UInt8](repeating: 0, count: 4096)
        let count = buffer.withUnsafeMutableBytes { bytes in
            readlink("/proc/self/exe", bytes.bindMemory(to: CChar.self).baseAddress!, bytes.count)  // it is not empty
        }
        return String(decoding: buffer.prefix(max(0, count)), as: UTF8.self)
    }
}
