/// Finds the name of the host's zone in what the host says of it; it reads nothing itself.
package enum HostZone {
    /// `TZ`, else the zone that `/etc/localtime` links to, else UTC.
    ///
    /// - Parameters:
    ///   - environmentTZ: the value of `TZ`, `nil` where it is not set. A leading colon is left out, a path is cut to
    ///     the name of its zone, and an empty value is UTC, as the C library reads it.
    ///   - localtimeLink: where `/etc/localtime` links to, `nil` where it is no link.
    package static func name(environmentTZ: String?, localtimeLink: String?) -> String {
        if var text = environmentTZ {
            if text.hasPrefix(":") { text.removeFirst() }
            return text.isEmpty ? "UTC" : (text.hasPrefix("/") ? name(ofPath: text) : text)
        }
        return localtimeLink.map(name(ofPath:)) ?? "UTC"
    }

    private static func name(ofPath path: String) -> String {
        var parts = path.split(separator: "/")
        if let folder = parts.lastIndex(where: { $0.hasPrefix("zoneinfo") }) {
            parts.removeFirst(folder + 1)
            if parts.first == "posix" || parts.first == "right" { parts.removeFirst() }
        }
        return parts.joined(separator: "/")
    }
}
