import JSON
import TestSupport
import Testing

/// Endpoints behind TLS: the real daemon against real servers, with certificates of every kind.
@Suite(
    .timeLimit(.minutes(5)),
    .enabled(if: TestAuthority.isPossible, "needs the openssl command, for certificates")
)
struct EndpointTLSTests {
    @Test(arguments: [(["h2", "http/1.1"], 2), (["http/1.1"], 1)])
    func `an endpoint's own authority is trusted, and events come over HTTP 2 where the receiver speaks it`(
        protocols: [String],
        version: Int
    ) async throws {
        let estate = try Estate()
        let authority = try await TestAuthority("own", in: estate.folder)
        let tls = try await authority.receiver("DNS:localhost", protocols: protocols)
        try await WebhookReceiver.running(tls: tls) { receiver in
            try await estate.running { daemon in
                _ = try await daemon.reeve("endpoint", "add", "tls", receiver.url, "--ca", authority.path)
                for number in 1...100 {
                    _ = try await daemon.call(
                        "event.publish",
                        ["events": [["type": "order.paid", "subject": .string("order-\(number % 10)")]]]
                    )
                }
                let flushed = try await daemon.call("agent.flush", ["deadline": "2m"])
                #expect(flushed["delivered"] == true, "\(flushed.text)")
                let tested = try await daemon.call("endpoint.test", ["endpoint": "tls"])
                #expect(tested["curl"]?.string?.contains("--cacert '\(authority.path)'") == true, "\(tested.text)")
            }
            #expect(WebhookReceiver.Check(receiver.records.dropLast()).problems == [])
            #expect(receiver.records.filter { $0.request.type == "order.paid" && $0.isDelivered }.count == 100)
            #expect(Set(receiver.records.map(\.request.version)) == [version])
        }
    }

    /// What a receiver shows, and what is said of it; `nil`: the test knows better.
    enum Certificate: CaseIterable {
        case expired, ofAnotherName, ofAnother, ofItself, ofNobodyTheHostKnows
    }

    @Test(arguments: Certificate.allCases)
    func `what is wrong with a certificate is said, and nothing is sent there`(certificate: Certificate) async throws {
        let estate = try Estate()
        let authority = try await TestAuthority("own", in: estate.folder)
        let other = try await TestAuthority("other", in: estate.folder)
        var ca: String? = authority.path
        let (tls, reason): (WebhookReceiver.TLS, String)
        switch certificate {
        case .expired: (tls, reason) = (try await authority.receiver("DNS:localhost", days: -1), "has expired at 20")
        case .ofAnotherName:
            (tls, reason) = (
                try await authority.receiver("DNS:elsewhere.example,IP:192.0.2.7"),
                "is for elsewhere.example, 192.0.2.7, not for localhost"
            )
        case .ofAnother:
            (tls, reason) = (
                try await other.receiver("DNS:localhost"), "is not signed by an authority in \(authority.path)"
            )
        case .ofItself:
            (tls, reason) = (other.asReceiver, "is signed by itself, not by an authority that this host trusts")
            ca = nil
        case .ofNobodyTheHostKnows:
            (tls, reason) = (
                try await authority.receiver("DNS:localhost"), "is not signed by an authority that this host trusts"
            )
            ca = nil
        }
        try await WebhookReceiver.running(tls: tls) { receiver in
            try await estate.running { daemon in
                var endpoint: JSONObject = ["name": "tls", "kind": "webhook", "url": .string(receiver.url)]
                endpoint["tls"] = ca.map { ["ca": .string($0)] }
                let test = try await daemon.call("endpoint.test", ["endpoint": .object(endpoint)])
                #expect(test["delivered"] == false && test["status"] == JSON.null)
                let said = test["body"]?.string ?? ""
                #expect(said.hasPrefix("TLS failed: the receiver's certificate \(reason)"), "\(said)")
                #expect(receiver.records.isEmpty)
            }
        }
    }

    @Test func `authorities are read at each try`() async throws {
        let estate = try Estate()
        let authority = try await TestAuthority("own", in: estate.folder)
        let other = try await TestAuthority("other", in: estate.folder)
        let path = estate.folder.path + "/trusted.pem"
        try await WebhookReceiver.running(tls: authority.receiver("DNS:localhost")) { receiver in
            try await estate.running { daemon in
                try writeFile(path, try readFile(other.path))
                _ = try await daemon.reeve("endpoint", "add", "tls", receiver.url, "--ca", path)
                let before = try await daemon.call("endpoint.test", ["endpoint": "tls"])
                #expect(before["delivered"] == false && receiver.records.isEmpty)
                try writeFile(path, try readFile(other.path) + readFile(authority.path))
                let after = try await daemon.call("endpoint.test", ["endpoint": "tls"])
                #expect(after["delivered"] == true, "\(after.text)")
            }
        }
    }

    private static let broken = "the connection was closed before the answer was whole"

    private static let held = HeldAnswers()

    /// What a receiver does, how long it may, and what is said of it.
    private static let troubles: [(WebhookReceiver.Answer, String, String)] = [
        (.hang, "1s", "no whole answer within 1s"), (.stall(200), "1s", "no whole answer within 1s"),
        (.drip(200) { await held.hold() }, "1s", "no whole answer within 1s"),
        (.cut, "4m", broken), (.cutMidway(200), "4m", broken),
    ]

    @Test func `over HTTP 2 a receiver's troubles are told as over HTTP 1, and end by the deadline`() async throws {
        let estate = try Estate()
        let authority = try await TestAuthority("own", in: estate.folder)
        try await WebhookReceiver.running(tls: authority.receiver("DNS:localhost", protocols: ["h2"])) { receiver in
            try await estate.running { daemon in
                for (answer, timeout, reason) in Self.troubles {
                    receiver.answer { _ in answer }
                    let endpoint: JSON = [
                        "name": "tls", "kind": "webhook", "url": .string(receiver.url), "timeout": .string(timeout),
                        "tls": ["ca": .string(authority.path)],
                    ]
                    let test = try await daemon.call("endpoint.test", ["endpoint": endpoint])
                    #expect(test["delivered"] == false && test["body"]?.string == reason, "\(answer): \(test.text)")
                }
                receiver.answer { _ in .flood(200) }
                let endpoint: JSON = [
                    "name": "tls", "kind": "webhook", "url": .string(receiver.url), "timeout": "4m",
                    "tls": ["ca": .string(authority.path)],
                ]
                let flood = try await daemon.call("endpoint.test", ["endpoint": endpoint])
                #expect(flood["delivered"] == true)
                receiver.answer { [receiver] _ in
                    await receiver.goAway()
                    return .ok
                }
                let left = try await daemon.call("endpoint.test", ["endpoint": endpoint])
                #expect(left["body"]?.string == Self.broken, "\(left.text)")
                receiver.answer { _ in .ok }
                try await receiver.comeBack()
                let again = try await daemon.call("endpoint.test", ["endpoint": endpoint])
                #expect(again["delivered"] == true, "\(again.text)")
            }
        }
    }

    @Test func `an authority that cannot be read, and a receiver without TLS, are the endpoint's trouble`() async throws
    {
        let estate = try Estate()
        try writeFile(estate.folder.path + "/empty.pem", "nothing\n")
        try await WebhookReceiver.running { receiver in
            try await estate.running { daemon in
                let url = "https://127.0.0.1:\(receiver.port)/"
                for (ca, reason) in [
                    ("/nowhere.pem", "cannot read tls.ca from /nowhere.pem: no such file or directory"),
                    (estate.folder.path, "cannot read tls.ca from \(estate.folder.path): that is no file"),
                    ("\(estate.folder.path)/empty.pem", "it holds no certificate in PEM"),
                    (nil, "TLS failed: the receiver speaks no TLS there"),
                ] {
                    var endpoint: JSONObject = ["name": "tls", "kind": "webhook", "url": .string(url)]
                    endpoint["tls"] = ca.map { ["ca": .string($0)] }
                    let test = try await daemon.call("endpoint.test", ["endpoint": .object(endpoint)])
                    #expect(test["body"]?.string?.contains(reason) == true, "\(test.text)")
                }
                #expect(receiver.records.isEmpty)
            }
        }
    }
}
