/// The permissions that new files of a process do not get, in octal digits: `0022`, `0077`.
package struct FileMask: Sendable, Hashable {
    package let bits: UInt32
}

extension FileMask: WireText {
    package static var form: String { "an octal mask such as \"0022\", up to \"0777\"" }

    package init?(text: String) {
        guard (1...4).contains(text.count), text.allSatisfy({ ("0"..."7").contains($0) }),
            let bits = UInt32(text, radix: 8), bits <= 0o777
        else { return nil }
        self.bits = bits
    }

    package var description: String {
        let digits = String(bits, radix: 8)
        return String(repeating: "0", count: max(4 - digits.count, 0)) + digits
    }
}
