import Glibc
import ReeveProtocol

/// Who signed a certificate, and whom it is for, as X.509 has them (RFC 5280 §4.1) in DER.
struct CertificateNames: Equatable {
    let issuer: [UInt8]
    let subject: [UInt8]
    /// The hosts that it is for, by name and by address.
    let hosts: [String]

    init?(_ certificate: [UInt8]) {
        var outer = DERReader(certificate)
        var signed = outer.next()?.elements
        var fields = signed?.next()?.elements.all ?? []
        // The version comes first where it is not the first version.
        if fields.first?.tag == 0xA0 { fields.removeFirst() }
        // A serial number, an algorithm, who signed, how long it is valid, whom it is for, …
        guard fields.count >= 5 else { return nil }
        (issuer, subject) = (Array(fields[2].content), Array(fields[4].content))
        // … and at the end what was added in the third version.
        var extensions = fields.last { $0.tag == 0xA3 }?.elements
        hosts = (extensions?.next()?.elements.all ?? []).flatMap(Self.hosts)
    }

    /// Those of the extension `subjectAltName` (§4.2.1.6); of another none.
    private static func hosts(of part: DERReader.Element) -> [String] {
        let fields = part.elements.all
        guard fields.first.map({ Array($0.content) }) == [0x55, 0x1D, 0x11], var names = fields.last?.elements else {
            return []
        }
        return (names.next()?.elements.all ?? []).compactMap { name in
            switch name.tag {
            // Told to people, and written by somebody else.
            case 0x82: String(decoding: name.content.filter { (0x21...0x7E).contains($0) }, as: UTF8.self).cut(to: 100)
            case 0x87: address(Array(name.content))
            default: nil
            }
        }
    }

    private static func address(_ bytes: [UInt8]) -> String? {
        guard let family = [4: AF_INET, 16: AF_INET6][bytes.count] else { return nil }
        var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        guard inet_ntop(family, bytes, &text, socklen_t(text.count)) != nil else { return nil }
        return String(decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }
}
