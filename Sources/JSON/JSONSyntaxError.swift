/// Why bytes are not a JSON text, and where.
package struct JSONSyntaxError: Error, Sendable, Equatable {
    package enum Kind: Sendable, Equatable {
        /// No text may have this here (RFC 8259).
        case malformed
        /// The bytes end inside the text; more of them could make it whole.
        case incomplete
        /// Arrays and objects are nested deeper than the reader was told to follow.
        case tooDeep
        /// The text is longer than the scanner was told to take.
        case tooLong
    }

    package var kind: Kind
    /// The index of the first byte that is wrong, or for what is wrong as a whole the index where it begins.
    package var offset: Int
    /// For a person: "expected ':' after the name of a member".
    package var reason: String

    package init(_ kind: Kind, offset: Int, reason: String) {
        self.kind = kind
        self.offset = offset
        self.reason = reason
    }
}

extension JSONSyntaxError: CustomStringConvertible {
    package var description: String { "at byte \(offset): \(reason)" }
}
