import Glibc
package import ReeveProtocol

/// Reads the values that a definition only names: keys, URLs, headers. They are read when they are used and never kept.
package struct ValueReader: Sendable {
    /// Where systemd puts the service's credentials; `nil` without systemd.
    private let credentialsDirectory: String?

    /// A value cannot be had now. It names the place and never the value.
    package struct Unreadable: Error, CustomStringConvertible {
        package var description: String
    }

    /// The longest value, in bytes.
    static let longest = 64 << 10

    package init(credentialsDirectory: String?) {
        self.credentialsDirectory = credentialsDirectory
    }

    package func read(_ value: ConfiguredValue) throws(Unreadable) -> String {
        switch value {
        case .literal(let text): return text
        case .file(let path): return try contents(of: path, called: "file \(path)")
        case .credential(let name):
            guard let credentialsDirectory else {
                throw Unreadable(description: "cannot read credential \(name): this service was given no credentials")
            }
            guard !name.contains("/"), name != "..", !name.isEmpty else {
                throw Unreadable(description: "\"\(name)\" is not the name of a credential")
            }
            return try contents(of: "\(credentialsDirectory)/\(name)", called: "credential \(name)")
        case .generate:
            throw Unreadable(description: "no key was made for it: put the endpoint again")
        }
    }

    private func contents(of path: String, called name: String) throws(Unreadable) -> String {
        func failed(_ why: String) -> Unreadable { Unreadable(description: "cannot read \(name): \(why)") }
        // A pipe in the place of a file must not hold up the agent.
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw failed(String(cString: strerror(errno))) }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = Glibc.read(descriptor, &buffer, buffer.count)
            guard count >= 0 else { throw failed(String(cString: strerror(errno))) }
            guard count > 0 else { break }
            bytes += buffer[..<count]
            guard bytes.count <= Self.longest else { throw failed("it is longer than \(Self.longest) bytes") }
        }
        if bytes.last == UInt8(ascii: "\n") { bytes.removeLast() }
        guard let text = String(validating: bytes, as: UTF8.self) else { throw failed("it is not UTF-8") }
        return text
    }
}
