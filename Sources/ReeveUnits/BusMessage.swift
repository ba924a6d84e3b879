import CSystemd
import Glibc

/// A message that is being written or read (`sd_bus_message_append(3)`, `sd_bus_message_read(3)`). Used by the bus's
/// thread only.
struct BusMessage: ~Copyable {
    let raw: OpaquePointer

    /// Takes over a reference.
    init(_ raw: OpaquePointer) {
        self.raw = raw
    }

    deinit {
        sd_bus_message_unref(raw)
    }

    func append(_ text: String) throws(BusError) {
        let result = text.withCString { sd_bus_message_append_basic(raw, CChar(bitPattern: UInt8(ascii: "s")), $0) }
        try BusError.check(result)
    }

    func append(_ flag: Bool) throws(BusError) {
        var value: CInt = flag ? 1 : 0
        try BusError.check(sd_bus_message_append_basic(raw, type("b"), &value))
    }

    func append(_ number: UInt64) throws(BusError) {
        var value = number
        try BusError.check(sd_bus_message_append_basic(raw, type("t"), &value))
    }

    func append(_ number: UInt32) throws(BusError) {
        var value = number
        try BusError.check(sd_bus_message_append_basic(raw, type("u"), &value))
    }

    func append(_ number: Int32) throws(BusError) {
        var value = number
        try BusError.check(sd_bus_message_append_basic(raw, type("i"), &value))
    }

    /// A copy of the descriptor goes with the message.
    func append(descriptor: CInt) throws(BusError) {
        var value = descriptor
        try BusError.check(sd_bus_message_append_basic(raw, type("h"), &value))
    }

    /// - Parameters:
    ///   - kind: `a` array, `r` struct, `v` variant, `e` entry of a dictionary.
    ///   - contents: The signature of what is in it.
    func container(
        _ kind: Unicode.Scalar,
        _ contents: String,
        _ body: () throws(BusError) -> Void
    ) throws(BusError) {
        try BusError.check(sd_bus_message_open_container(raw, type(kind), contents))
        try body()
        try BusError.check(sd_bus_message_close_container(raw))
    }

    private func type(_ letter: Unicode.Scalar) -> CChar {
        CChar(truncatingIfNeeded: letter.value)
    }
}

/// Reads what came. The message is the caller's.
struct BusReader {
    let raw: OpaquePointer

    func text(_ kind: Unicode.Scalar = "s") -> String? {
        var pointer: UnsafePointer<CChar>?
        guard sd_bus_message_read_basic(raw, type(kind), &pointer) > 0, let pointer else { return nil }
        return String(cString: pointer)
    }

    /// Calls with the name of each property of a `a{sv}`, and a reader of its value: what is not taken is skipped.
    func properties(_ body: (String, PropertyReader) -> Void) throws(BusError) {
        try BusError.check(sd_bus_message_enter_container(raw, type("a"), "{sv}"))
        while try BusError.check(sd_bus_message_enter_container(raw, type("e"), "sv")) > 0 {
            guard let name = text() else { throw BusError(number: EBADMSG) }
            let value = PropertyReader(raw: raw)
            body(name, value)
            if !value.isTaken { try BusError.check(sd_bus_message_skip(raw, "v")) }
            try BusError.check(sd_bus_message_exit_container(raw))
        }
        try BusError.check(sd_bus_message_exit_container(raw))
    }

    private func type(_ letter: Unicode.Scalar) -> CChar {
        CChar(truncatingIfNeeded: letter.value)
    }
}

/// The value of one property, of a type that has to be known.
final class PropertyReader {
    private let raw: OpaquePointer
    private(set) var isTaken = false

    init(raw: OpaquePointer) {
        self.raw = raw
    }

    func text() -> String? {
        var pointer: UnsafePointer<CChar>?
        guard take("s", &pointer), let pointer else { return nil }
        return String(cString: pointer)
    }

    func unsigned() -> UInt32? {
        var value: UInt32 = 0
        return take("u", &value) ? value : nil
    }

    func signed() -> Int32? {
        var value: Int32 = 0
        return take("i", &value) ? value : nil
    }

    func long() -> UInt64? {
        var value: UInt64 = 0
        return take("t", &value) ? value : nil
    }

    /// The number of a `(uo)`.
    func job() -> UInt32? {
        let (variant, structure) = (Self.letter("v"), Self.letter("r"))
        guard !isTaken, sd_bus_message_enter_container(raw, variant, "(uo)") > 0 else { return nil }
        isTaken = true
        var value: UInt32 = 0
        guard sd_bus_message_enter_container(raw, structure, "uo") > 0,
            sd_bus_message_read_basic(raw, Self.letter("u"), &value) > 0, sd_bus_message_skip(raw, "o") >= 0,
            sd_bus_message_exit_container(raw) >= 0, sd_bus_message_exit_container(raw) >= 0
        else { return nil }
        return value
    }

    private static func letter(_ scalar: Unicode.Scalar) -> CChar { CChar(truncatingIfNeeded: scalar.value) }

    /// Left to be skipped where the type is another one.
    private func take(_ signature: String, _ value: UnsafeMutableRawPointer) -> Bool {
        let variant = CChar(truncatingIfNeeded: UnicodeScalar("v").value)
        guard !isTaken, sd_bus_message_enter_container(raw, variant, signature) > 0 else { return false }
        isTaken = true
        let kind = CChar(truncatingIfNeeded: signature.unicodeScalars.first?.value ?? 0)
        let result = sd_bus_message_read_basic(raw, kind, value)
        return sd_bus_message_exit_container(raw) >= 0 && result > 0
    }
}
