import JSON

/// An enumeration that crosses the socket as one of a few words.
///
/// A word that is not among them is refused with the list of those that are.
package protocol WireWord: RawRepresentable<String>, CaseIterable, Hashable, Codable, Sendable {}

extension WireWord {
    package init(from decoder: any Decoder) throws {
        let word = try decoder.singleValueContainer().decode(String.self)
        guard let value = Self(rawValue: word) else {
            let words = Self.allCases.map(\.rawValue)
            throw InvalidValue(
                at: decoder.codingPath,
                reason: "\"\(word)\" is not one of the words allowed here",
                expected: words.joined(separator: ", "),
                hint: nearest(word, among: words).map { "did you mean \"\($0)\"?" }
            )
        }
        self = value
    }
}

/// A value that crosses the socket as one string of a form of its own.
package protocol WireText: Codable, Sendable, CustomStringConvertible {
    /// What the text looks like, with an example: "a duration such as 30s or 1h30m".
    static var form: String { get }

    /// Reads the text; `nil` if it is not of that form.
    init?(text: String)
}

extension WireText {
    package init(from decoder: any Decoder) throws {
        let text = try decoder.singleValueContainer().decode(String.self)
        guard let value = Self(text: text) else {
            throw InvalidValue(at: decoder.codingPath, reason: "\"\(text)\" is not \(Self.form)", expected: Self.form)
        }
        self = value
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}

extension Interval: WireText {
    package static var form: String { "a duration such as 250ms, 30s or 1h30m" }
    package init?(text: String) { self.init(text) }
}

extension MissedPolicy: WireText {
    package static var form: String { "skip, once, all or all(10), up to all(1000)" }

    package init?(text: String) {
        switch text {
        case "skip": self = .skip
        case "once": self = .once
        case "all": self = .all
        default:
            guard let most = bound(of: "all", in: text) else { return nil }
            self = .all(most: most)
        }
    }

    package var description: String {
        switch self {
        case .skip: "skip"
        case .once: "once"
        case .all(let most): most.map { "all(\($0))" } ?? "all"
        }
    }
}

extension OverlapPolicy: WireText {
    package static var form: String { "skip, queue, replace, allow or allow(3), up to allow(1000)" }

    package init?(text: String) {
        switch text {
        case "skip": self = .skip
        case "queue": self = .queue
        case "replace": self = .replace
        case "allow": self = .allow
        default:
            guard let most = bound(of: "allow", in: text) else { return nil }
            self = .allow(most: most)
        }
    }

    package var description: String {
        switch self {
        case .skip: "skip"
        case .queue: "queue"
        case .replace: "replace"
        case .allow(let most): most.map { "allow(\($0))" } ?? "allow"
        }
    }
}

/// The number in `all(10)` and its like: 1 to 1000, written in one way only.
private func bound(of word: String, in text: String) -> Int? {
    guard text.hasPrefix("\(word)("), let most = Int(text.dropFirst(word.count + 1).dropLast()),
        (1...1000).contains(most), text == "\(word)(\(most))"
    else { return nil }
    return most
}

extension Timestamp: WireText {
    package static var form: String { "a time such as 2026-11-21T03:20:11Z" }
    package init?(text: String) { self.init(text) }
}

extension ByteSize: WireText {
    package static var form: String { "a size such as 512KiB, 16MiB or 2GiB" }
    package init?(text: String) { self.init(text) }
}
