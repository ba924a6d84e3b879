import Crypto
import ReeveProtocol
import Testing

@testable import ReeveSubmitter

struct SigningKeyTests {
    @Test func `signs as the example of Standard Webhooks`() throws {
        let key = try #require(SigningKey("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"))
        let signature = try key.signature(
            id: "msg_p5jXN8AQM9LWM0D4loKWxJek",
            time: 1_614_265_330,
            body: Array(#"{"test": 2432232314}"#.utf8)
        )
        #expect(signature == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=")
    }

    @Test func `signs with Ed25519 so that the public half tells`() throws {
        let text = SigningKey.generate(.ed25519)
        let key = try #require(SigningKey(text))
        #expect(text.hasPrefix("whsk_"))
        let body = Array("{}".utf8)
        let signature = try key.signature(id: "msg_1", time: 17, body: body)
        #expect(signature.hasPrefix("v1a,"))
        let publicText = try #require(key.publicKey)
        #expect(publicText.hasPrefix("whpk_"))
        let publicKey = try Curve25519.Signing.PublicKey(
            rawRepresentation: try #require(Base64.decoded(publicText.dropFirst(5)))
        )
        let bytes = try #require(Base64.decoded(signature.dropFirst(4)))
        #expect(publicKey.isValidSignature(bytes, for: Array("msg_1.17.{}".utf8)))
        #expect(!publicKey.isValidSignature(bytes, for: Array("msg_1.18.{}".utf8)))
        // The long form, as libsodium has it, has the public half behind the private one.
        let half = try #require(Base64.decoded(text.dropFirst(5)))
        let other = try #require(Base64.decoded(publicText.dropFirst(5)))
        #expect(SigningKey("whsk_" + Base64.encoded(half + other))?.publicKey == publicText)
        #expect(SigningKey("whsk_" + Base64.encoded(half + half)) == nil)
        #expect(SigningKey("whsk_" + Base64.encoded(half.dropLast())) == nil)
    }

    @Test(arguments: [24, 32, 64])
    func `takes a key of 24 to 64 bytes`(count: Int) {
        let text = Base64.encoded([UInt8](repeating: 7, count: count))
        #expect(SigningKey("whsec_\(text)") != nil)
    }

    @Test(arguments: [
        "", "whsec_", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaS", "whsec_????",
        "whsec_" + Base64.encoded([UInt8](repeating: 7, count: 23)),
        "whsec_" + Base64.encoded([UInt8](repeating: 7, count: 65)),
    ])
    func `takes nothing else`(text: String) {
        #expect(SigningKey(text) == nil)
    }

    @Test func `makes keys that it takes, each another`() {
        let (first, second) = (SigningKey.generate(), SigningKey.generate())
        #expect(first != second)
        #expect(SigningKey(first) != nil)
    }

    @Test(arguments: [
        ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("fooba", "Zm9vYmE="),
    ])
    func `base64 is that of RFC 4648`(plain: String, encoded: String) {
        #expect(Base64.encoded(plain.utf8) == encoded)
        #expect(Base64.decoded(encoded) == Array(plain.utf8))
    }

    @Test(arguments: ["Zg", "Zg=", "Z===", "Zg==Zg==", "Zm9v\n", "====", "Zm 9"])
    func `base64 is nothing else`(text: String) {
        #expect(Base64.decoded(text) == nil)
    }
}

struct WebAddressTests {
    @Test(arguments: [
        ("http+unix://%2Frun%2Fapp.sock/hook?a=b", "http://localhost/hook?a=b"),
        ("https+unix://%2Frun%2Fapp.sock/hook", "https://localhost/hook"),
        ("http+unix://%2Frun%2Fapp.sock", "http://localhost/"),
        ("https+unix://%2Frun%2Fapp.sock?x", "https://localhost/?x"),
    ])
    func `what is reached over a socket has a place of its own on it`(url: String, place: String) throws {
        let address = try #require(WebAddress(url))
        #expect(address.socketPath == "/run/app.sock")
        #expect(address.onHost("localhost") == place)
    }

    @Test(arguments: [
        ("https://a.example/hook", "a.example", 443, "a.example"), ("http://a.example", "a.example", 80, "a.example"),
        ("https://u:p@a.example:8443/x", "a.example", 8443, "a.example"),
        ("https://127.0.0.1:8443/", "127.0.0.1", 8443, nil), ("https://[::1]/", "::1", 443, nil),
        ("https://[::1]:8443?x", "::1", 8443, nil), ("https+unix://%2Frun%2Fapp.sock/", "", 443, nil),
    ])
    func `host, port and name are told apart`(url: String, host: String, port: Int, name: String?) throws {
        let address = try #require(WebAddress(url))
        #expect(address.host == host && address.port == port && address.serverName == name)
    }

    @Test(arguments: [
        ("http://a.example/hook", "/other", "http://a.example/other"),
        ("http://a.example/x/hook?q#f", "other", "http://a.example/x/other"),
        ("http://a.example", "other", "http://a.example/other"),
        ("http://a.example/hook", "?x=1", "http://a.example/hook?x=1"),
        ("http://a.example/hook", "http://A.example:80/b", "http://A.example:80/b"),
        ("https://a.example:443/hook", "https://a.example/b", "https://a.example/b"),
    ])
    func `a redirect to the same origin is followed`(from: String, location: String, to: String) throws {
        #expect(try #require(WebAddress(from)).following(location) == to)
    }

    @Test(arguments: [
        "https://a.example/hook", "http://b.example/", "http://a.example:81/", "//b.example/", "http://a.example.b/",
        "http://a.example@b.example/", "ftp://a.example/", "javascript:alert(1)", "",
    ])
    func `another origin is not`(location: String) throws {
        #expect(try #require(WebAddress("http://a.example/hook")).following(location) == nil)
    }
}
