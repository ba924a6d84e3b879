import Glibc
import ReeveProcess
import ReeveProtocol

/// Reads values that stand in files or systemd credentials, at the moment when they are needed.
package struct SecretReader: Sendable {
    /// `$CREDENTIALS_DIRECTORY` of the agent (systemd.exec(5)); `nil` where there is none.
    package var credentialsDirectory: String?

    package init(credentialsDirectory: String?) {
        self.credentialsDirectory = credentialsDirectory
    }

    func value(of value: ConfiguredValue, name: String) throws(LaunchFailure) -> String {
        switch value {
        case .literal(let text): return text
        case .file(let path): return try read(path, for: name)
        case .credential(let credential):
            guard let directory = credentialsDirectory, !credential.contains("/") else {
                throw LaunchFailure(
                    cause: "startFailed",
                    reason: "cannot read \(name): there is no credential \(credential), for the agent was given none"
                )
            }
            return try read("\(directory)/\(credential)", for: name)
        case .generate:
            throw LaunchFailure(cause: "startFailed", reason: "cannot generate \(name)")
        }
    }

    private func read(_ path: String, for name: String) throws(LaunchFailure) -> String {
        let bytes: [UInt8]
        do {
            bytes = try readFile(path, limit: 1 << 20)
        } catch {
            throw LaunchFailure(cause: "startFailed", reason: "cannot read \(name): \(error)")
        }
        guard !bytes.contains(0) else {
            throw LaunchFailure(cause: "startFailed", reason: "cannot use \(name): \(path) contains a NUL character")
        }
        let text = String(decoding: bytes, as: UTF8.self)
        return text.hasSuffix("\n") ? String(text.dropLast()) : text
    }
}

/// Why a file could not be read or written, as a person reads it.
struct FileFailure: Error, CustomStringConvertible {
    var description: String

    init(_ what: String, _ path: String, _ number: CInt = errno) {
        description = "cannot \(what) \(path): \(errorText(number))"
    }
}

/// The bytes of a small file.
func readFile(_ path: String, limit: Int) throws(FileFailure) -> [UInt8] {
    // Without waiting: nobody may ever write into a pipe of that name.
    let file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard file >= 0 else { throw FileFailure("read", path) }
    defer { close(file) }
    var status = stat()
    fstat(file, &status)
    guard status.st_mode & S_IFMT == S_IFREG else { throw FileFailure("read", path, EINVAL) }
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 16 << 10)
    while true {
        let count = read(file, &buffer, buffer.count)
        if count < 0, errno == EINTR { continue }
        guard count >= 0 else { throw FileFailure("read", path) }
        guard count > 0 else { return bytes }
        bytes += buffer.prefix(count)
        guard bytes.count <= limit else { throw FileFailure("read more than \(limit) bytes of", path, EFBIG) }
    }
}
