import Crypto
import JSON

extension WebhookReceiver.Request {
    /// Whether the request is signed with the private half of that key (`whpk_`), likewise.
    package func isSigned(withPairOf publicKey: String) -> Bool {
        guard publicKey.hasPrefix("whpk_"), let bytes = base64Decoded(publicKey.dropFirst(5)),
            let key = try? Curve25519.Signing.PublicKey(rawRepresentation: bytes), let signed = signedBytes
        else { return false }
        return signatures("v1a,").contains { key.isValidSignature($0, for: signed) }
    }

    /// Whether the request is signed with that secret as Standard Webhooks prescribes, for the id of its event.
    ///
    /// Written apart from what signs, so that a mistake there does not pass here.
    package func isSigned(with secret: String) -> Bool {
        guard
            let key = base64Decoded(secret.dropFirst("whsec_".count)), secret.hasPrefix("whsec_"),
            let signed = signedBytes
        else { return false }
        return signatures("v1,").contains { code in
            HMAC<SHA256>.isValidAuthenticationCode(code, authenticating: signed, using: SymmetricKey(data: key))
        }
    }

    private var signedBytes: [UInt8]? {
        guard let id = values(of: "webhook-id").first, values(of: "webhook-id").count == 1,
            // That of a batch is its own.
            id == self.id || event?.array != nil,
            let time = values(of: "webhook-timestamp").first, Int(time) != nil
        else { return nil }
        return Array("\(id).\(time).".utf8) + body
    }

    private func signatures(_ kind: String) -> [[UInt8]] {
        let all = values(of: "webhook-signature").first?.split(separator: " ") ?? []
        return all.filter { $0.hasPrefix(kind) }.compactMap { base64Decoded($0.dropFirst(kind.count)) }
    }
}

/// The bytes of a base64 text with its padding (RFC 4648 §4).
private func base64Decoded(_ text: Substring) -> [UInt8]? {
    let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
    let values = Dictionary(uniqueKeysWithValues: alphabet.enumerated().map { ($1, UInt32($0)) })
    let digits = text.utf8.prefix { $0 != UInt8(ascii: "=") }
    guard text.utf8.count % 4 == 0, text.utf8.count - digits.count <= 2 else { return nil }
    var bytes: [UInt8] = []
    var (bits, count): (UInt32, UInt32) = (0, 0)
    for digit in digits {
        guard let value = values[digit] else { return nil }
        bits = (bits << 6 | value) & 0xFFFF
        count += 6
        if count >= 8 {
            count -= 8
            bytes.append(UInt8(truncatingIfNeeded: bits >> count))
        }
    }
    return bytes
}
