import Crypto

extension WebhookReceiver.Request {
    /// Whether the request is signed with that secret as Standard Webhooks prescribes, for the id of its event.
    ///
    /// Written apart from what signs, so that a mistake there does not pass here.
    package func isSigned(with secret: String) -> Bool {
        guard
            let key = base64Decoded(secret.dropFirst("whsec_".count)), secret.hasPrefix("whsec_"),
            let id = values(of: "webhook-id").first, values(of: "webhook-id").count == 1, id == self.id,
            let time = values(of: "webhook-timestamp").first, Int(time) != nil,
            let signatures = values(of: "webhook-signature").first
        else { return false }
        let signed = Array("\(id).\(time).".utf8) + body
        return signatures.split(separator: " ").contains { signature in
            guard signature.hasPrefix("v1,"), let code = base64Decoded(signature.dropFirst(3)) else { return false }
            return HMAC<SHA256>.isValidAuthenticationCode(code, authenticating: signed, using: SymmetricKey(data: key))
        }
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
