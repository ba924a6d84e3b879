import Glibc
import TestSupport
import Testing

/// An authority of a test's own, which signs certificates with the openssl command.
struct TestAuthority {
    static let isPossible = access("/usr/bin/openssl", X_OK) == 0

    let folder: TemporaryFolder
    private let name: String

    /// Where its own certificate is.
    var path: String { "\(folder.path)/\(name).pem" }

    init(_ name: String, in folder: TemporaryFolder) async throws {
        self.folder = folder
        self.name = name
        try await openssl(
            ["req", "-x509", "-nodes", "-days", "1", "-subj", "/CN=\(name)", "-out", "\(name).pem"] + Self.newKey(name)
        )
    }

    /// Signs a certificate for a name, such as `DNS:localhost`.
    /// - Parameter days: For how long it is valid from now on; below 0 it has expired.
    func receiver(_ subject: String, days: Int = 1, protocols: [String] = ["h2", "http/1.1"]) async throws
        -> WebhookReceiver.TLS
    {
        let own = "receiver-\(UInt64.random(in: .min ... .max))"
        try writeFile("\(folder.path)/\(own).extension", "subjectAltName=\(subject)")
        try await openssl(["req", "-nodes", "-subj", "/CN=receiver", "-out", "\(own).request"] + Self.newKey(own))
        try await openssl(
            [
                "x509", "-req", "-in", "\(own).request", "-out", "\(own).pem", "-days", "\(days)", "-CA", "\(name).pem",
                "-CAkey", "\(name).key", "-extfile", "\(own).extension",
            ]
        )
        return WebhookReceiver.TLS(
            certificates: "\(folder.path)/\(own).pem",
            key: "\(folder.path)/\(own).key",
            protocols: protocols
        )
    }

    /// Its own certificate as a receiver's.
    var asReceiver: WebhookReceiver.TLS {
        WebhookReceiver.TLS(certificates: path, key: "\(folder.path)/\(name).key")
    }

    private static func newKey(_ name: String) -> [String] {
        ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-keyout", "\(name).key"]
    }

    private func openssl(_ arguments: [String]) async throws {
        let words = ["cd", folder.path, "&&", "openssl"] + arguments
        let (end, said) = try await Child.run(["/bin/sh", "-c", words.joined(separator: " ")], in: folder)
        try #require(end == .exited(0), "\(said)")
    }
}
