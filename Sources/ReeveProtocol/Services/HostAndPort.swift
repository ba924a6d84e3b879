package import JSON

/// Where to connect to: `HOST:PORT`, with an IPv6 address in brackets.
package struct HostAndPort: Sendable, Hashable {
    package var host: String
    package var port: Int

    /// Reads the text. Throws what is wrong with it, at `path`.
    package init(_ text: String, path: String) throws(InvalidValue) {
        let expected = "HOST:PORT with a port from 1 to 65535, such as localhost:5432 or [::1]:5432"
        func problem(_ reason: String) -> InvalidValue {
            InvalidValue(path: path, reason: reason, expected: expected)
        }
        guard let colon = text.lastIndex(of: ":") else { throw problem("\"\(text)\" has no port") }
        let digits = text[text.index(after: colon)...]
        var host = text[..<colon]
        if host.hasPrefix("["), host.hasSuffix("]") {
            host = host.dropFirst().dropLast()
        } else if host.contains(":") {
            throw problem("\"\(text)\" is an IPv6 address without brackets, or has two ports")
        }
        guard !host.isEmpty else { throw problem("\"\(text)\" has no host") }
        guard host.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "/") }) else {
            throw problem("\"\(host)\" is not a host")
        }
        guard !digits.isEmpty, digits.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) else {
            throw problem("\"\(digits)\" is not a port")
        }
        guard let port = Int(digits), (1...65535).contains(port) else {
            throw problem("the port \(digits) is out of range")
        }
        self.host = String(host)
        self.port = port
    }
}

/// What is wrong with a URL that is to be asked or posted to; `nil` for a good one.
func urlProblem(_ text: String, path: String) -> InvalidValue? {
    let expected = "http://HOST[:PORT]/PATH or https://…"
    let rest = ["http://", "https://"].first(where: text.hasPrefix).map { text.dropFirst($0.count) }
    guard let rest, !text.utf8.contains(where: { $0 <= 0x20 || $0 == 0x7F }) else {
        return InvalidValue(path: path, reason: "\"\(text)\" is not an http or https URL", expected: expected)
    }
    var authority = rest.prefix { $0 != "/" && $0 != "?" && $0 != "#" }
    if let at = authority.lastIndex(of: "@") { authority = authority[authority.index(after: at)...] }
    guard !authority.isEmpty else {
        return InvalidValue(path: path, reason: "\"\(text)\" names no host", expected: expected)
    }
    let afterAddress = authority.lastIndex(of: "]").map { authority[authority.index(after: $0)...] } ?? authority
    guard afterAddress.contains(":") else { return nil }
    do {
        _ = try HostAndPort(String(authority), path: path)
        return nil
    } catch {
        return InvalidValue(path: path, reason: "\(error.reason), in \"\(text)\"", expected: expected)
    }
}
