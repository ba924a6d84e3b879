import ReeveProtocol

/// Finds in an answer that refuses a request whether it says that there was too much, and not that the event is bad.
///
/// There are servers that throttle with 400, and only a code or a sentence in the answer says so ("ThrottlingException",
/// "Rate exceeded"). An event is not given up for that.
struct ThrottlingSigns {
    /// How far a body is looked through, in bytes.
    static let length = 4096

    /// Small letters alone, as they are left of codes and sentences alike.
    private static let words = [
        "throttl", "ratelimit", "rateexceed", "toomanyrequest", "requestlimitexceed", "quotaexceed", "slowdown",
        "tryagainlater",
    ]
    /// Of what is left for the client in this time.
    private static let remaining = ["ratelimit-remaining", "x-ratelimit-remaining"]
    private static let errorType = "x-amzn-errortype"

    private let text: [UInt8]
    private let isUsedUp: Bool

    init(_ answer: TransportAnswer) {
        let body = answer.body.prefix(Self.length)
        text = Self.letters((answer.value(of: Self.errorType) ?? "").utf8) + Self.letters(body)
        isUsedUp = Self.remaining.contains { answer.value(of: $0) == "0" }
    }

    /// - Parameter request: The body that was sent: a word that it has itself says nothing, for some servers repeat what
    ///   they refuse.
    func areThere(beside request: [UInt8]) -> Bool {
        if isUsedUp { return true }
        let found = Self.words.filter { Self.contains(text, $0) }
        guard !found.isEmpty else { return false }
        let sent = Self.letters(request)
        return found.contains { !Self.contains(sent, $0) }
    }

    private static func letters(_ bytes: some Sequence<UInt8>) -> [UInt8] {
        bytes.compactMap { byte in
            let small = byte | 0x20
            return (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(small) && byte < 0x80 ? small : nil
        }
    }

    private static func contains(_ text: [UInt8], _ word: String) -> Bool {
        let word = Array(word.utf8)
        guard text.count >= word.count else { return false }
        return (0...(text.count - word.count)).contains { text[$0] == word[0] && text[$0...].starts(with: word) }
    }
}
