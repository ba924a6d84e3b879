import Glibc
import ReeveProcess
package import ReeveProtocol

/// Reads values that stand in files or systemd credentials, at the moment when they are needed; they are never kept.
package struct SecretReader: Sendable {
    /// A value cannot be had now. It names what it is for and where it should be, and never the value.
    package struct Unreadable: Error, CustomStringConvertible {
        package var description: String
    }

    /// The longest value, in bytes.
    static let longest = 64 << 10

    /// `$CREDENTIALS_DIRECTORY` of the agent (systemd.exec(5)); `nil` where there is none.
    private let credentialsDirectory: String?

    package init(credentialsDirectory: String?) {
        self.credentialsDirectory = credentialsDirectory
    }

    /// The text without a final line break.
    ///
    /// - Parameter name: What it is for, as it is said where it cannot be read.
    package func value(of value: ConfiguredValue, for name: String) throws(Unreadable) -> String {
        switch value {
        case .literal(let text): return text
        case .file(let path): return try text(path, path, name)
        case .credential(let credential):
            func failed(_ why: String) -> Unreadable {
                Unreadable(description: "cannot read \(name) from credential \(credential): \(why)")
            }
            guard let credentialsDirectory else { throw failed("the agent was given no credentials") }
            guard !credential.isEmpty, !credential.contains("/"), credential != "..", credential != "." else {
                throw failed("that is not the name of a credential")
            }
            return try text("\(credentialsDirectory)/\(credential)", "credential \(credential)", name)
        case .generate: throw Unreadable(description: "there is no \(name): none was made when it was put")
        }
    }

    private func text(_ path: String, _ place: String, _ name: String) throws(Unreadable) -> String {
        func failed(_ why: String) -> Unreadable {
            Unreadable(description: "cannot read \(name) from \(place): \(why)")
        }
        // Without waiting: nobody may ever write into a pipe of that name.
        let file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard file >= 0 else { throw failed(errorText(errno)) }
        defer { close(file) }
        var status = stat()
        fstat(file, &status)
        guard status.st_mode & S_IFMT == S_IFREG else { throw failed("that is no file") }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = read(file, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw failed(errorText(errno)) }
            guard count > 0 else { break }
            bytes += buffer.prefix(count)
            guard bytes.count <= Self.longest else {
                throw failed("it is longer than \(ByteSize(bytes: Self.longest))")
            }
        }
        if bytes.last == UInt8(ascii: "\n") { bytes.removeLast() }
        guard !bytes.contains(0) else { throw failed("it contains a NUL character") }
        guard let text = String(validating: bytes, as: UTF8.self) else { throw failed("it is not UTF-8") }
        return text
    }
}
