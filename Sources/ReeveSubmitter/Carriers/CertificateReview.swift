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
        // One that cannot be written out again is taken for one that another has signed.
        let names = (try? certificate.toDERBytes()).flatMap(CertificateNames.init)
        isSelfSigned = names.map { $0.issuer == $0.subject } ?? false
    }
}

/// Who signed a certificate and whom it is for, as X.509 has them (RFC 5280 §4.1), in DER.
struct CertificateNames: Equatable {
    let issuer: [UInt8]
    let subject: [UInt8]

    init?(_ certificate: [UInt8]) {
        var outer = DERReader(certificate)
        var signed = outer.next().map { DERReader($0.content) }
        var fields = signed?.next().map { DERReader($0.content) }
        var elements: [DERReader.Element] = []
        while elements.count < 6, let element = fields?.next() { elements.append(element) }
        // The version comes first where it is not the first version.
        if elements.first?.tag == 0xA0 { elements.removeFirst() }
        // A serial number, an algorithm, who signed, how long it is valid, whom it is for.
        guard elements.count >= 5 else { return nil }
        (issuer, subject) = (Array(elements[2].content), Array(elements[4].content))
    }
}

/// The elements of a value in DER, one after the other.
struct DERReader {
    struct Element {
        var tag: UInt8
        var content: ArraySlice<UInt8>
    }

    private var rest: ArraySlice<UInt8>

    init(_ bytes: some Sequence<UInt8>) {
        rest = ArraySlice(bytes)
    }

    /// `nil` at the end, and where what comes is none.
    mutating func next() -> Element? {
        guard let tag = rest.popFirst(), var length = rest.popFirst().map(Int.init) else { return nil }
        if length >= 0x80 {
            let digits = rest.prefix(length - 0x80)
            // None of what is read here is longer than three bytes say.
            guard (1...3).contains(length - 0x80), digits.count == length - 0x80 else { return nil }
            length = digits.reduce(0) { $0 << 8 | Int($1) }
            rest = rest.dropFirst(digits.count)
        }
        guard length <= rest.count else { return nil }
        defer { rest = rest.dropFirst(length) }
        return Element(tag: tag, content: rest.prefix(length))
    }
}
