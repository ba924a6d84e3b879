import Glibc

/// The files of the contract, as they lie in the repository.
enum ProtocolFile {
    struct Missing: Error {
        var path: String
    }

    static let repository = #filePath.split(separator: "/", omittingEmptySubsequences: false)
        .dropLast(3).joined(separator: "/")

    static func text(_ name: String) throws -> String { try read("\(repository)/Protocol/\(name)") }

    static func read(_ path: String) throws -> String {
        guard let handle = fopen(path, "re") else { throw Missing(path: path) }
        defer { fclose(handle) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            let count = fread(&buffer, 1, buffer.count, handle)
            guard count > 0 else { break }
            bytes += buffer.prefix(count)
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    static func write(_ text: String, to path: String) throws {
        guard let handle = fopen(path, "we") else { throw Missing(path: path) }
        defer { fclose(handle) }
        fputs(text, handle)
    }

    /// Writes a text into a new folder, which stays for a person to look at; answers its path.
    static func keep(_ text: String) throws -> String {
        var template = Array("/tmp/reeve-openrpc-XXXXXX".utf8CString)
        guard let folder = mkdtemp(&template) else { throw Missing(path: "/tmp") }
        let path = String(cString: folder) + "/openrpc.json"
        try write(text, to: path)
        return path
    }
}
