/// A place in a spool: between two bytes of it.
///
/// Opaque to all but the reader. Positions of one spool compare in the order of arrival, and stay valid after the
/// process and the agent have ended.
package struct SpoolPosition: Hashable, Comparable, Sendable {
    /// The number to hand to others; below 2^53 for any output of less than 128 GiB.
    package let rawValue: Int64

    /// Before the first byte.
    package static let start = SpoolPosition(frame: 0, consumed: 0)

    /// A number that was handed out before. `nil` if it is negative; another that was not is read from somewhere near.
    package init?(rawValue: Int64) {
        guard rawValue >= 0 else { return nil }
        self.rawValue = rawValue
    }

    init(frame: UInt64, consumed: Int) {
        rawValue = Int64(frame << 16 | UInt64(consumed))
    }

    /// Where the frame begins that holds the next byte.
    var frame: UInt64 { UInt64(rawValue) >> 16 }
    /// How many bytes of its payload come before.
    var consumed: Int { Int(rawValue & 0xffff) }

    package static func < (left: SpoolPosition, right: SpoolPosition) -> Bool {
        left.rawValue < right.rawValue
    }
}
