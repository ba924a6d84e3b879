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
        let result = text.withCString { sd_bus_message_append_basic(raw, CChar("s"), $0) }
        try BusError.check(result)
    }

    func append(_ flag: Bool) throws(BusError) {
        var value: CInt = flag ? 1 : 0
        try BusError.check(sd_bus_message_append_basic(raw, CChar("b"), &value))
    }

    func append(_ number: UInt64) throws(BusError) {
        var value = number
        try BusError.check(sd_bus_message_append_basic(raw, CChar("t"), &value))
    }

    func append(_ number: UInt32) throws(BusError) {
        var value = number
        try BusError.check(sd_bus_message_append_basic(raw, CChar("u"), &value))
    }

    func append(_ number: Int32) throws(BusError) {
        var value = number
        try BusError.check(sd_bus_message_append_basic(raw, CChar("i"), &value))
    }

    /// A copy of the descriptor goes with the message.
    func append(descriptor: CInt) throws(BusError) {
        var value = descriptor
        try BusError.check(sd_bus_message_append_basic(raw, CChar("h"), &value))
    }

    /// - Parameters:
    ///   - kind: `a` array, `r` struct, `v` variant, `e` entry of a dictionary.
    ///   - contents: The signature of what is in it.
    func container(
        _ kind: Unicode.Scalar,
        _ contents: String,
        _ body: () throws(BusError) -> Void
    ) throws(BusError) {
        try BusError.check(sd_bus_message_open_container(raw, CChar(kind), contents))
        try body()
        try BusError.check(sd_bus_message_close_container(raw))
    }
}

extension CChar {
    /// A type as sd-bus has it: a letter.
    init(_ letter: Unicode.Scalar) {
        self.init(truncatingIfNeeded: letter.value)
    }
}
