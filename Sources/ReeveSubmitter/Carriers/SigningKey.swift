import Crypto
import ReeveProtocol

/// The key with which submissions are signed as Standard Webhooks 1.0 prescribes.
package struct SigningKey: Sendable {
    /// Stands before the base64 of the key.
    package static let prefix = "whsec_"
    /// How many bytes a key may have.
    package static let sizes = 24...64

    private let key: SymmetricKey

    /// Reads `whsec_` and base64; `nil` for another form and for a key of another size.
    package init?(_ text: String) {
        guard text.hasPrefix(Self.prefix), let bytes = Base64.decoded(text.dropFirst(Self.prefix.count)),
            Self.sizes.contains(bytes.count)
        else { return nil }
        key = SymmetricKey(data: bytes)
    }

    /// A new random key of 32 bytes, as text.
    package static func generate() -> String {
        let bytes = SymmetricKey(size: .bits256).withUnsafeBytes { Array($0) }
        return prefix + Base64.encoded(bytes)
    }

    /// The value of `webhook-signature`.
    ///
    /// - Parameter time: Seconds since 1970, of this attempt: receivers refuse what is too old.
    package func signature(id: String, time: Int64, body: [UInt8]) -> String {
        var code = HMAC<SHA256>(key: key)
        code.update(data: Array("\(id).\(time).".utf8))
        code.update(data: body)
        return "v1," + Base64.encoded(code.finalize())
    }
}
