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
                try await authority.receiver("DNS:elsewhere.example"), "is not for localhost but for another name"
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
