import Glibc
import JSON
import TestSupport
import Testing

/// Endpoints behind TLS, against a real server.
@Suite(.timeLimit(.minutes(5)))
struct EndpointTLSTests {
    private static let hasOpenSSL = access("/usr/bin/openssl", X_OK) == 0

    @Test(.enabled(if: hasOpenSSL, "needs the openssl command, for a certificate and a server"))
    func `that a certificate is not trusted is said, and nothing is sent there`() async throws {
        let estate = try Estate()
        let folder = estate.folder.path
        let key = ["-keyout", folder + "/key", "-out", folder + "/certificate", "-nodes", "-days", "1"]
        let made = try await Child.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"]
                + ["-subj", "/CN=localhost"] + key,
            in: estate.folder
        )
        try #require(made.end == .exited(0), "\(made.output)")
        let accepts = try Fifo(folder + "/accepts")
        let line = "exec openssl s_server -accept 127.0.0.1:0 -key key -cert certificate -www -no_dhe > accepts"
        let server = try Child(["/bin/sh", "-c", "cd \(folder) && \(line)"], output: folder + "/server")
        defer {
            server.signal(SIGKILL)
            _ = server.reap()
        }
        let port = try #require(try await accepts.line().split(separator: ":").last)
        try await estate.running { daemon in
            let endpoint: JSON = ["name": "tls", "kind": "webhook", "url": .string("https://localhost:\(port)/")]
            let test = try await daemon.call("endpoint.test", ["endpoint": endpoint])
            #expect(test["delivered"] == false && test["status"] == JSON.null)
            let reason =
                "the receiver's certificate is not signed by an authority that this host trusts, or has expired"
            #expect(test["body"]?.string == "TLS failed: \(reason)", "\(test)")
        }
    }
}
