import NIOSSL
import ReeveProtocol

/// Says what is wrong with a receiver's certificate. The library that refuses it says only that it does.
struct CertificateReview {
    /// A certificate as far as it matters here.
    struct Certificate: Equatable {
        var notBefore: Timestamp
        var notAfter: Timestamp
        /// Who it is for has signed it.
        var isSelfSigned: Bool
    }

    /// As the receiver shows them: its own first, then those that signed each other.
    var chain: [Certificate]
    /// The file in which the authorities are that are trusted; `nil`: the host's are.
    var authorities: String?
    var now: Timestamp

    /// What follows on "the receiver's certificate".
    var fault: String {
        guard let own = chain.first else { return "is not shown" }
        if let fault = timeFault(own) { return fault }
        for signer in chain.dropFirst() {
            if let fault = timeFault(signer) { return "is signed by one that \(fault)" }
        }
        let trusted = authorities.map { "an authority in \($0)" } ?? "an authority that this host trusts"
        return own.isSelfSigned ? "is signed by itself, not by \(trusted)" : "is not signed by \(trusted)"
    }

    /// The same of one that is for others than who was asked for.
    static func fault(of hosts: [String], insteadOf host: String) -> String {
        guard !hosts.isEmpty else { return "is not for \(host) but for another name" }
        let more = hosts.count > 3 ? " and \(hosts.count - 3) more" : ""
        return "is for \(hosts.prefix(3).joined(separator: ", "))\(more), not for \(host)"
    }

    private func timeFault(_ certificate: Certificate) -> String? {
        if now > certificate.notAfter { return "has expired at \(certificate.notAfter)" }
        if now < certificate.notBefore { return "is not valid before \(certificate.notBefore)" }
        return nil
    }
}

extension CertificateReview.Certificate {
    init(_ certificate: NIOSSLCertificate) {
        notBefore = Timestamp(seconds: Int64(certificate.notValidBefore))
        notAfter = Timestamp(seconds: Int64(certificate.notValidAfter))
        // One that cannot be read is taken for one that another has signed.
        isSelfSigned = CertificateNames(certificate).map { $0.issuer == $0.subject } ?? false
    }
}

extension CertificateNames {
    init?(_ certificate: NIOSSLCertificate) {
        guard let bytes = try? certificate.toDERBytes() else { return nil }
        self.init(bytes)
    }
}
