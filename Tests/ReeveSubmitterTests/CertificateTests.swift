import ReeveProtocol
import TestSupport
import Testing

@testable import ReeveSubmitter

/// What is said of certificates that are not accepted: it is noon.
struct CertificateTests {
    private static let noon = Timestamp(seconds: 1_795_262_400)

    private static func certificate(from start: Int64 = -1, to end: Int64 = 1, isSelfSigned: Bool = false)
        -> CertificateReview.Certificate
    {
        CertificateReview.Certificate(
            notBefore: noon + .hours(start),
            notAfter: noon + .hours(end),
            isSelfSigned: isSelfSigned
        )
    }

    private static let faults: [([CertificateReview.Certificate], String?, String)] = [
        ([], nil, "is not shown"),
        ([certificate(to: -1)], "/ca", "has expired at 2026-11-21T11:00:00.000Z"),
        ([certificate(from: 1, to: 2)], nil, "is not valid before 2026-11-21T13:00:00.000Z"),
        ([certificate(to: -1, isSelfSigned: true)], nil, "has expired at 2026-11-21T11:00:00.000Z"),
        (
            [certificate(), certificate(to: -1)], nil,
            "is signed by one that has expired at 2026-11-21T11:00:00.000Z"
        ),
        ([certificate(isSelfSigned: true)], nil, "is signed by itself, not by an authority that this host trusts"),
        ([certificate(isSelfSigned: true)], "/ca", "is signed by itself, not by an authority in /ca"),
        ([certificate(), certificate()], "/ca", "is not signed by an authority in /ca"),
        ([certificate()], nil, "is not signed by an authority that this host trusts"),
    ]

    @Test(arguments: faults)
    func `the first that is wrong is said`(
        chain: [CertificateReview.Certificate],
        authorities: String?,
        fault: String
    ) {
        #expect(CertificateReview(chain: chain, authorities: authorities, now: Self.noon).fault == fault)
    }

    private static func element(_ tag: UInt8, _ content: [UInt8]) -> [UInt8] {
        // Lengths from 128 on are written in the long form.
        let count = content.count
        return [tag] + (count < 0x80 ? [UInt8(count)] : [0x82, UInt8(count >> 8), UInt8(count & 0xFF)]) + content
    }

    /// A certificate as far as names go: a version or none, a number, an algorithm, who, when, whom.
    private static func der(_ version: [UInt8], issuer: [UInt8], subject: [UInt8], behind: [UInt8] = []) -> [UInt8] {
        let fields =
            version + element(2, [1]) + element(0x30, [5, 0]) + element(0x30, issuer)
            + element(0x30, Array(repeating: 7, count: 30)) + element(0x30, subject) + behind
        return element(0x30, element(0x30, fields))
    }

    @Test(arguments: [[0xA0, 3, 2, 1, 2], []] as [[UInt8]])
    func `names are found in DER, with a version and without`(version: [UInt8]) throws {
        let (issuer, subject) = (Array(repeating: UInt8(1), count: 200), [UInt8(2), 3])
        let names = try #require(CertificateNames(Self.der(version, issuer: issuer, subject: subject)))
        #expect(names.issuer == issuer && names.subject == subject)
    }

    @Test func `hosts are found among what the third version has added`() throws {
        func part(_ id: UInt8, _ content: [UInt8], isCritical: Bool = false) -> [UInt8] {
            let critical = isCritical ? Self.element(1, [0xFF]) : []
            return Self.element(0x30, Self.element(6, [0x55, 0x1D, id]) + critical + Self.element(4, content))
        }
        let names = Self.element(
            0x30,
            Self.element(0x82, Array("a.example".utf8)) + Self.element(0x81, Array("me@b.example".utf8))
                + Self.element(0x87, [192, 0, 2, 7]) + Self.element(0x87, [1, 2, 3])
                + Self.element(0x87, [0x20, 1, 0x0D, 0xB8] + Array(repeating: 0, count: 11) + [1])
                + Self.element(0x82, Array("c\n\u{1B}[1m.example".utf8))
        )
        let parts = Self.element(0x30, part(0x0F, [3, 2, 7, 0x80]) + part(0x11, names, isCritical: true))
        let behind = Self.element(0x30, [1, 2]) + Self.element(0xA3, parts)
        let found = CertificateNames(Self.der([0xA0, 3, 2, 1, 2], issuer: [1], subject: [2], behind: behind))
        #expect(found?.hosts == ["a.example", "192.0.2.7", "2001:db8::1", "c[1m.example"])
    }

    @Test(
        arguments: [
            ([], "is not for h but for another name"), (["a"], "is for a, not for h"),
            (["a", "b", "c"], "is for a, b, c, not for h"),
            (["a", "b", "c", "d", "e"], "is for a, b, c and 2 more, not for h"),
        ] as [([String], String)]
    )
    func `of another's it is said whose it is`(hosts: [String], fault: String) {
        #expect(CertificateReview.fault(of: hosts, insteadOf: "h") == fault)
    }

    @Test func `what is no certificate has no names`() {
        let whole = Self.der([0xA0, 3, 2, 1, 2], issuer: [1], subject: [2])
        for count in whole.indices { #expect(CertificateNames(Array(whole.prefix(count))) == nil) }
        var random = SeededGenerator(seed: 7)
        for _ in 0..<1000 {
            var bytes = whole
            bytes[Int(random.next() % UInt64(bytes.count))] = UInt8(truncatingIfNeeded: random.next())
            _ = CertificateNames(bytes)
        }
        #expect(CertificateNames([0x30, 0x84, 0xFF, 0xFF, 0xFF, 0xFF]) == nil)
    }
}
