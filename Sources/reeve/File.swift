import Glibc
import YAML

/// Reads and writes whole files.
enum File {
    /// A file's text; `-` is standard input.
    static func read(_ path: String) throws -> String {
        if path == "-" { return try Standard.read() }
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw unreadable(path) }
        defer { close(descriptor) }
        return try read(descriptor: descriptor, name: path)
    }

    static func read(descriptor: Int32, name: String) throws -> String {
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            let count = Glibc.read(descriptor, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw unreadable(name) }
            guard count > 0 else { break }
            bytes += buffer.prefix(count)
        }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw CommandFailure(.refused, "\(name) is not UTF-8 text")
        }
        return text
    }

    private static func unreadable(_ path: String) -> CommandFailure {
        CommandFailure(.refused, "\(path) cannot be read: \(Host.text(of: errno))")
    }

    /// The files that a path names: itself, or what a folder holds of YAML and JSON, by name.
    static func definitions(_ path: String) throws -> [String] {
        guard path != "-", let folder = opendir(path) else { return [path] }
        defer { closedir(folder) }
        var names: [String] = []
        while let entry = readdir(folder) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if YAMLDocument.isFile(named: name) { names.append(name) }
        }
        guard !names.isEmpty else {
            throw CommandFailure(.refused, "\(path) holds no *.yaml, *.yml or *.json")
        }
        return names.sorted().map { path.hasSuffix("/") ? path + $0 : "\(path)/\($0)" }
    }

    /// A new file that only its owner can read.
    static func temporary(_ text: String, name: String) throws -> String {
        let folder = Host.environment("TMPDIR") ?? "/tmp"
        var path = Array("\(folder)/reeve-XXXXXX-\(name)".utf8CString)
        let descriptor = mkstemps(&path, Int32(name.utf8.count + 1))
        guard descriptor >= 0 else {
            throw CommandFailure(.refused, "no file can be made in \(folder): \(Host.text(of: errno))")
        }
        Standard.write(Array(text.utf8), to: descriptor)
        close(descriptor)
        return String(decoding: path.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
