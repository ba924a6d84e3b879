import JSON

/// A CloudEvent in the binary mode of its HTTP binding 1.0: attributes as headers, data as body.
enum BinaryEvent {
    static func parts(of event: JSON) -> (headers: [TransportHeader], data: JSON?) {
        let attributes = event.object?.members.filter { $0.name != "data" && $0.name != "datacontenttype" } ?? []
        let headers = attributes.compactMap { member in
            member.value.string.map { TransportHeader(name: "ce-\(member.name)", value: encoded($0)) }
        }
        return (headers, event["data"])
    }

    /// Percent-encodes as the binding says in its §3.1.3.2: blanks, quotes, percent signs, and all but printable ASCII.
    static func encoded(_ text: String) -> String {
        var encoded = ""
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "%"): encoded += hexadecimal(byte)
            case 0x21...0x7E: encoded.unicodeScalars.append(Unicode.Scalar(byte))
            default: encoded += hexadecimal(byte)
            }
        }
        return encoded
    }

    private static func hexadecimal(_ byte: UInt8) -> String {
        let digits = String(byte, radix: 16, uppercase: true)
        return "%" + (byte < 16 ? "0" : "") + digits
    }
}
