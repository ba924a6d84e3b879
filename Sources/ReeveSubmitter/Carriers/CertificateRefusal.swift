import NIOSSL

/// That a receiver's certificate was not accepted.
enum CertificateRefusal {
    /// By who signed it, or by the time.
    case untrusted
    case otherName

    /// `nil`: it was something else that failed.
    init?(_ error: any Error) {
        if let error = error as? NIOSSLExtraError, error == .failedToValidateHostname {
            self = .otherName
        } else if case .unableToValidateCertificate? = error as? NIOSSLError {
            self = .otherName
        } else if case .handshakeFailed(.sslError(let stack))? = error as? NIOSSLError,
            // One long line with a place in BoringSSL's source; the capitals in it are what went wrong.
            stack.contains(where: { $0.description.contains("CERTIFICATE_VERIFY_FAILED") })
        {
            self = .untrusted
        } else {
            return nil
        }
    }
}
