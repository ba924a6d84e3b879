package import Crypto
package import ReeveProtocol

/// The key with which submissions are signed as Standard Webhooks 1.0 prescribes.
package enum SigningKey: Sendable {
    /// A secret that both sides have (`whsec_`): HMAC-SHA256, told as `v1`.
    case shared(SymmetricKey)
    /// Ed25519 (`whsk_`): the receiver has the public half, `whpk_`. Told as `v1a`.
    case pair(Curve25519.Signing.PrivateKey)

    /// How many bytes a shared key may have.
    package static let sizes = 24...64

    /// Reads `whsec_` or `whsk_` and base64; `nil` for another form and for a key of another size.
    package init?(_ text: String) {
        if let bytes = Self.bytes(text, "whsec_"), Self.sizes.contains(bytes.count) {
            self = .shared(SymmetricKey(data: bytes))
        } else if let bytes = Self.bytes(text, "whsk_"), [32, 64].contains(bytes.count),
            // Of the long form the second half is the public key, which follows from the first.
            let key = try? Curve25519.Signing.PrivateKey(rawRepresentation: bytes.prefix(32)),
            bytes.count == 32 || key.publicKey.rawRepresentation.elementsEqual(bytes.suffix(32))
        {
            self = .pair(key)
        } else {
            return nil
        }
    }

    private static func bytes(_ text: String, _ prefix: String) -> [UInt8]? {
        text.hasPrefix(prefix) ? Base64.decoded(text.dropFirst(prefix.count)) : nil
    }

    /// A new random key, as text.
    package static func generate(_ kind: GeneratedKey = .shared) -> String {
        switch kind {
        case .shared: "whsec_" + Base64.encoded(SymmetricKey(size: .bits256).withUnsafeBytes { Array($0) })
        case .ed25519: "whsk_" + Base64.encoded(Curve25519.Signing.PrivateKey().rawRepresentation)
        }
    }

    /// What the receiver needs of a pair; `nil` of a shared key, which it has itself.
    package var publicKey: String? {
        guard case .pair(let key) = self else { return nil }
        return "whpk_" + Base64.encoded(key.publicKey.rawRepresentation)
    }

    /// One of the values of `webhook-signature`.
    ///
    /// - Parameter time: Seconds since 1970, of this attempt: receivers refuse what is too old.
    package func signature(id: String, time: Int64, body: [UInt8]) throws -> String {
        let start = Array("\(id).\(time).".utf8)
        switch self {
        case .shared(let key):
            var code = HMAC<SHA256>(key: key)
            code.update(data: start)
            code.update(data: body)
            return "v1," + Base64.encoded(code.finalize())
        case .pair(let key): return "v1a," + Base64.encoded(try key.signature(for: start + body))
        }
    }
}
