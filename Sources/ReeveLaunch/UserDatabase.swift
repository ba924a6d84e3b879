import Glibc

/// What the system knows of a user: the ids that a process of theirs has, and its home.
package struct UserRecord: Sendable, Hashable {
    package var name: String
    package var uid: UInt32
    package var gid: UInt32
    /// All groups, the first one among them.
    package var groups: [UInt32]
    package var home: String
    package var shell: String
}

/// The system's user and group databases, through whatever services the host has configured.
package enum UserDatabase {
    /// The user of that name, or of that number; `nil` if there is none.
    package static func user(_ nameOrNumber: String) -> UserRecord? {
        if let number = UInt32(nameOrNumber) {
            return lookUp { getpwuid_r(number, $0, $1, $2, $3) }
        }
        return lookUp { getpwnam_r(nameOrNumber, $0, $1, $2, $3) }
    }

    /// The agent's own user, as the system knew it when it was asked first: most commands are started as that one.
    package static let own: UserRecord? = user(uid: geteuid())

    package static func user(uid: UInt32) -> UserRecord? {
        lookUp { getpwuid_r(uid, $0, $1, $2, $3) }
    }

    /// The id of the group of that name, or of that number; `nil` if there is none.
    package static func group(_ nameOrNumber: String) -> UInt32? {
        // The highest means no group (chown(2)).
        if let number = UInt32(nameOrNumber) { return number < .max ? number : nil }
        var entry = group_entry()
        var found: UnsafeMutablePointer<group_entry>?
        for size in [1 << 10, 1 << 14, 1 << 20] {
            // The entry's texts are in here.
            let buffer = UnsafeMutablePointer<CChar>.allocate(capacity: size)
            defer { buffer.deallocate() }
            let status = getgrnam_r(nameOrNumber, &entry, buffer, size, &found)
            if status != ERANGE { return status == 0 && found != nil ? entry.gr_gid : nil }
        }
        return nil
    }

    private typealias group_entry = Glibc.group
    private typealias Query = (
        UnsafeMutablePointer<passwd>, UnsafeMutablePointer<CChar>, Int,
        UnsafeMutablePointer<UnsafeMutablePointer<passwd>?>
    ) -> CInt

    /// Asks with a buffer that grows until the entry fits (getpwnam_r(3), ERANGE).
    private static func lookUp(_ query: Query) -> UserRecord? {
        let entry = UnsafeMutablePointer<passwd>.allocate(capacity: 1)
        defer { entry.deallocate() }
        var size = 1024
        while size <= 1 << 20 {
            // The entry's texts are in here: they are copied before it goes.
            let buffer = UnsafeMutablePointer<CChar>.allocate(capacity: size)
            defer { buffer.deallocate() }
            var found: UnsafeMutablePointer<passwd>?
            let status = query(entry, buffer, size, &found)
            guard status == ERANGE else { return status == 0 ? found.map { record(of: $0.pointee) } : nil }
            size *= 4
        }
        return nil
    }

    private static func record(of entry: passwd) -> UserRecord {
        UserRecord(
            name: String(cString: entry.pw_name),
            uid: entry.pw_uid,
            gid: entry.pw_gid,
            groups: groups(of: entry.pw_name, entry.pw_gid),
            home: String(cString: entry.pw_dir),
            shell: String(cString: entry.pw_shell)
        )
    }

    private static func groups(of name: UnsafePointer<CChar>, _ gid: gid_t) -> [UInt32] {
        var count: CInt = 64
        while true {
            var groups = [gid_t](repeating: 0, count: Int(count))
            let room = count
            if getgrouplist(name, gid, &groups, &count) >= 0 { return Array(groups.prefix(Int(count))) }
            guard count > room else { return [gid] }
        }
    }
}
