/// As much of a URL as it takes to follow a redirect (RFC 3986 §5, for http and https, and both over a Unix socket).
struct WebAddress: Equatable {
    let scheme: String
    /// Host and port, in lower case, without a port that is the scheme's own.
    let origin: String
    private let authority: String
    private let path: String

    init?(_ text: String) {
        guard let colon = text.firstIndex(of: ":") else { return nil }
        scheme = text[..<colon].lowercased()
        let rest = text[text.index(after: colon)...]
        guard Self.schemes.contains(scheme), rest.hasPrefix("//") else { return nil }
        let end = rest.dropFirst(2).firstIndex { "/?#".contains($0) } ?? rest.endIndex
        authority = String(rest.dropFirst(2)[..<end])
        path = String(rest[end...].prefix { $0 != "#" })
        var host = authority.lowercased()
        let ownPort = scheme == "http" ? ":80" : ":443"
        if scheme.hasSuffix(Self.socketSuffix) {
            host = authority
        } else if host.hasSuffix(ownPort) {
            host.removeLast(ownPort.count)
        }
        origin = host
        guard !origin.isEmpty else { return nil }
    }

    private static let schemes = ["http", "https", "http+unix", "https+unix"]

    private static let socketSuffix = "+unix"

    private var isSocket: Bool { scheme.hasSuffix(Self.socketSuffix) }

    /// The path of the Unix socket that stands in the place of the host, without its escapes.
    var socketPath: String? {
        guard isSocket else { return nil }
        var bytes: [UInt8] = []
        var rest = authority.utf8[...]
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "%"),
                let escaped = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16)
            {
                bytes.append(escaped)
                rest = rest.dropFirst(2)
            } else {
                bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Without a port, and without the brackets around an address of IPv6.
    var host: String {
        guard !isSocket else { return "" }
        let name = authority.lastIndex(of: "@").map { authority[authority.index(after: $0)...] } ?? authority[...]
        if name.hasPrefix("[") { return String(name.dropFirst().prefix { $0 != "]" }) }
        return String(name.prefix { $0 != ":" })
    }

    var port: Int {
        let behind = authority.lastIndex(of: ":").map { authority[authority.index(after: $0)...] } ?? ""
        return Int(behind) ?? (scheme.hasPrefix("https") ? 443 : 80)
    }

    /// The host where it is a name: an address is not told to the receiver over TLS (RFC 6066 §3).
    var serverName: String? {
        let isAddress = host.isEmpty || host.contains(":") || host.allSatisfy { $0.isNumber || $0 == "." }
        return isAddress ? nil : host
    }

    /// The same place by the name of a host, where it is told beside that over which socket it is reached.
    func onHost(_ host: String) -> String {
        let plain = isSocket ? String(scheme.dropLast(Self.socketSuffix.count)) : scheme
        return "\(plain)://\(host)" + (path.hasPrefix("/") ? path : "/" + path)
    }

    /// Where a `Location` leads, if that is the same origin.
    func following(_ location: String) -> String? {
        if let target = WebAddress(location) {
            return target.scheme == scheme && target.origin == origin ? location : nil
        }
        guard !location.isEmpty, !location.hasPrefix("//") else { return nil }
        let base = "\(scheme)://\(authority)"
        if location.hasPrefix("/") { return base + location }
        let withoutQuery = path.prefix { $0 != "?" }
        if location.hasPrefix("?") { return base + withoutQuery + location }
        // Another scheme, or one that has no place here.
        guard !location.prefix(while: { $0 != "/" && $0 != "?" }).contains(":") else { return nil }
        let folder = withoutQuery.lastIndex(of: "/").map { withoutQuery[...$0] } ?? "/"
        return base + folder + location
    }
}
