import CSystemd
import Glibc

/// Reads what came. The message is the caller's.
struct BusReader {
    let raw: OpaquePointer

    func text(_ kind: Unicode.Scalar = "s") -> String? {
        var pointer: UnsafePointer<CChar>?
        guard sd_bus_message_read_basic(raw, CChar(kind), &pointer) > 0, let pointer else { return nil }
        return String(cString: pointer)
    }

    /// Calls with the name of each property of a `a{sv}`, and a reader of its value: what is not taken is skipped.
    func properties(_ body: (String, PropertyReader) -> Void) throws(BusError) {
        try BusError.check(sd_bus_message_enter_container(raw, CChar("a"), "{sv}"))
        while try BusError.check(sd_bus_message_enter_container(raw, CChar("e"), "sv")) > 0 {
            guard let name = text() else { throw BusError(number: EBADMSG) }
            let value = PropertyReader(raw: raw)
            body(name, value)
            if !value.isTaken { try BusError.check(sd_bus_message_skip(raw, "v")) }
            try BusError.check(sd_bus_message_exit_container(raw))
        }
        try BusError.check(sd_bus_message_exit_container(raw))
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
        guard !isTaken, sd_bus_message_enter_container(raw, CChar("v"), "(uo)") > 0 else { return nil }
        isTaken = true
        var value: UInt32 = 0
        guard sd_bus_message_enter_container(raw, CChar("r"), "uo") > 0,
            sd_bus_message_read_basic(raw, CChar("u"), &value) > 0, sd_bus_message_skip(raw, "o") >= 0,
            sd_bus_message_exit_container(raw) >= 0, sd_bus_message_exit_container(raw) >= 0
        else { return nil }
        return value
    }

    /// Left to be skipped where the type is another one.
    private func take(_ type: Unicode.Scalar, _ value: UnsafeMutableRawPointer) -> Bool {
        guard !isTaken, sd_bus_message_enter_container(raw, CChar("v"), String(type)) > 0 else { return false }
        isTaken = true
        let result = sd_bus_message_read_basic(raw, CChar(type), value)
        return sd_bus_message_exit_container(raw) >= 0 && result > 0
    }
}
