import Glibc
import NIOSSL
import ReeveProcess
import ReeveProtocol

/// The authorities that one endpoint trusts, in the place of those that the host trusts.
package struct TLSAuthorities: Sendable, Equatable {
    package let path: String
    let certificates: [NIOSSLCertificate]

    /// Reads them from a file in PEM, which may hold anything else besides.
    init(_ path: String) throws(TransportFailure) {
        func failed(_ why: String) -> TransportFailure { TransportFailure("cannot read tls.ca from \(path): \(why)") }
        var status = stat()
        guard stat(path, &status) == 0 else { throw failed(errorText(errno)) }
        // A pipe of that name would be waited for.
        guard status.st_mode & S_IFMT == S_IFREG else { throw failed("that is no file") }
        guard access(path, R_OK) == 0 else { throw failed(errorText(errno)) }
        do {
            certificates = try NIOSSLCertificate.fromPEMFile(path)
        } catch {
            throw failed("it holds no certificate in PEM")
        }
        self.path = path
    }
}
