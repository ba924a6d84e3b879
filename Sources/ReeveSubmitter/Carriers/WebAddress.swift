/// As much of a URL as it takes to follow a redirect (RFC 3986 §5, for http and https).
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
        guard scheme == "http" || scheme == "https", rest.hasPrefix("//") else { return nil }
        let end = rest.dropFirst(2).firstIndex { "/?#".contains($0) } ?? rest.endIndex
        authority = String(rest.dropFirst(2)[..<end])
        path = String(rest[end...].prefix { $0 != "#" })
        var host = authority.lowercased()
        let ownPort = scheme == "http" ? ":80" : ":443"
        if host.hasSuffix(ownPort) { host.removeLast(ownPort.count) }
        origin = host
        guard !origin.isEmpty else { return nil }
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
