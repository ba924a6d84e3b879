import Glibc
import ReeveProtocol

/// What the command needs to know of the host and of its caller.
enum Host {
    /// A variable that is set and not empty.
    static func environment(_ name: String) -> String? {
        guard let value = getenv(name) else { return nil }
        let text = String(cString: value)
        return text.isEmpty ? nil : text
    }

    static var now: Timestamp {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Timestamp(milliseconds: Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000)
    }

    // The program looks names up from one task only, so the libraries' static entries are its own.
    static func userName(_ uid: UInt32) -> String? {
        getpwuid(uid).map { String(cString: $0.pointee.pw_name) }
    }

    static func groupName(_ gid: UInt32) -> String? {
        getgrgid(gid).map { String(cString: $0.pointee.gr_name) }
    }

    static func text(of errorNumber: Int32) -> String {
        let text = String(cString: strerror(errorNumber))
        return text.prefix(1).lowercased() + text.dropFirst()
    }

    static var workingDirectory: String? {
        guard let path = getcwd(nil, 0) else { return nil }
        defer { free(path) }
        return String(cString: path)
    }

    /// The name of the caller's zone: `TZ`, else where `/etc/localtime` points; `UTC` where neither says one that the
    /// host knows, since only the agent computes local times and it goes by names.
    static var timeZone: String {
        let name = environment("TZ") ?? link("/etc/localtime")
        guard let name else { return "UTC" }
        return zoneName(name) { access($0, R_OK) == 0 } ?? "UTC"
    }

    static func zoneName(_ text: String, exists: (String) -> Bool) -> String? {
        let folder = "zoneinfo/"
        var name = text.hasPrefix(":") ? text.dropFirst() : Substring(text)
        if let start = name.firstRange(of: folder) { name = name[start.upperBound...] }
        guard !name.isEmpty, !name.hasPrefix("/"), !name.hasPrefix(".") else { return nil }
        let directory = environment("TZDIR") ?? "/usr/share/zoneinfo"
        return exists("\(directory)/\(name)") ? String(name) : nil
    }

    private static func link(_ path: String) -> String? {
        var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
        let count = readlink(path, &buffer, buffer.count)
        guard count > 0 else { return nil }
        return String(decoding: buffer.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
