import Glibc
package import JSON
import NIOConcurrencyHelpers

/// The zones of the system, read from its zone files when they are first asked for.
///
/// Copies share what was read. Nothing but UTC and fixed offsets is known where there are no zone files.
package struct ZoneDatabase: Sendable {
    /// The place where zone files are when `TZDIR` does not say otherwise.
    package static let systemDirectory = "/usr/share/zoneinfo"

    private let directory: String
    private let cache = NIOLockedValueBox(Cache())

    private struct Cache {
        var zones: [String: Zone] = [:]
        var names: [String]?
    }

    /// Zones are read from the files below `directory`.
    package init(directory: String = systemDirectory) {
        self.directory = directory
    }

    /// The zone of that name: an IANA name as the files have it, `UTC`, `GMT`, `Z`, or `GMT±H:MM`.
    ///
    /// Throws an ``InvalidValue`` at the path `""` that names the nearest zone there is.
    package func zone(named name: String) throws(InvalidValue) -> Zone {
        if ["UTC", "GMT", "Z"].contains(name.uppercased()) { return Zone(name: name, initialOffset: 0) }
        if let fixed = try FixedOffset.zone(name) { return fixed }
        if let known = cache.withLockedValue({ $0.zones[name] }) { return known }
        guard let zone = read(name) else { throw unknown(name) }
        cache.withLockedValue { $0.zones[name] = zone }
        return zone
    }

    /// The host's zone by the name that ``HostZone`` found; also a rule such as `CET-1CEST,M3.5.0,M10.5.0/3`, which
    /// `TZ` may hold.
    package func hostZone(named name: String) throws(InvalidValue) -> Zone {
        do {
            return try zone(named: name)
        } catch {
            guard let rule = ZoneRule(name) else { throw error }
            return Zone(name: name, initialOffset: rule.standardOffset, rule: rule)
        }
    }

    /// Forgets what was read, so that changed files are seen.
    package func forget() {
        cache.withLockedValue { $0 = Cache() }
    }

    /// Every name that the files have, in order; for hints and completion. The first time it walks through all folders.
    package func names() -> [String] {
        if let known = cache.withLockedValue({ $0.names }) { return known }
        var names: [String] = []
        collect("", depth: 0, into: &names)
        names.sort()
        cache.withLockedValue { [names] in $0.names = names }
        return names
    }

    /// A text that changes when the zone files or the host's zone do.
    package func fingerprint(hostZone: Zone) -> String {
        let version =
            ["tzdata.zi", "+VERSION"].lazy.compactMap { readFile("\(directory)/\($0)", limit: 200) }.first
            .map { String(decoding: $0.prefix { $0 != 10 }, as: UTF8.self) } ?? "no version"
        var hash = FNV1a()
        hash.add(readFile("\(directory)/\(hostZone.name)", limit: Self.largestFile) ?? [])
        return "\(hostZone.name) \(String(hash.value, radix: 16)) \(version)"
    }

    private static let largestFile = 1 << 20

    private func read(_ name: String) -> Zone? {
        guard Self.isName(name), let bytes = readFile("\(directory)/\(name)", limit: Self.largestFile) else {
            return nil
        }
        return ZoneFile.zone(bytes, name: name)
    }

    /// Names stay below the directory; the copies in `posix/` and the leap-second zones in `right/` are left out, as
    /// are the links to what the host itself uses.
    private static func isName(_ name: String) -> Bool {
        let parts = name.split(separator: "/", omittingEmptySubsequences: false)
        return parts.allSatisfy { !$0.isEmpty && !$0.hasPrefix(".") && $0.utf8.allSatisfy(isNameByte) }
            && !["posix", "right", "localtime", "posixrules"].contains(String(parts[0]))
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        isLetter(byte) || isDigit(byte) || "_-+.".utf8.contains(byte)
    }

    private func unknown(_ name: String) -> InvalidValue {
        let names = names()
        guard !names.isEmpty else {
            return InvalidValue(
                path: "",
                reason: "time zone \"\(name)\" is unknown: there are no zone files in \(directory)",
                expected: "UTC or GMT±H:MM",
                hint: "install the package tzdata"
            )
        }
        let wanted = name.lowercased()
        let close =
            names.first { $0.utf8.count == wanted.utf8.count && $0.lowercased() == wanted }
            ?? nearest(name, among: names)
        return InvalidValue(
            path: "",
            reason: "time zone \"\(name)\" is unknown",
            expected: "an IANA name such as Europe/Berlin, UTC, or GMT±H:MM",
            hint: close.map { "did you mean \"\($0)\"?" }
        )
    }

    private func collect(_ folder: String, depth: Int, into names: inout [String]) {
        guard depth < 4, let stream = opendir("\(directory)/\(folder)") else { return }
        defer { closedir(stream) }
        while let entry = readdir(stream) {
            let name = withUnsafeBytes(of: entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            let path = folder.isEmpty ? name : "\(folder)/\(name)"
            // Zones and their folders begin with a capital; lists and rules do not.
            guard name.utf8.first.map({ (65...90).contains($0) }) ?? false, Self.isName(path) else { continue }
            if Int32(entry.pointee.d_type) == Int32(DT_DIR) {
                collect(path, depth: depth + 1, into: &names)
            } else {
                names.append(path)
            }
        }
    }
}

/// The first `limit` bytes of a file; `nil` if it cannot be read or is longer and `limit` is the most that is allowed.
private func readFile(_ path: String, limit: Int) -> [UInt8]? {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var content: [UInt8] = []
    while content.count < limit {
        let wanted = min(limit - content.count, 16_384)
        var failed = false
        let piece = [UInt8](unsafeUninitializedCapacity: wanted) { buffer, count in
            let got = read(descriptor, buffer.baseAddress, wanted)
            failed = got < 0
            count = max(got, 0)
        }
        if failed { return nil }
        if piece.isEmpty { break }
        content += piece
    }
    return content
}
