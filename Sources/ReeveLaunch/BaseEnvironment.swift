/// The environment that every command gets: a user's basics, and what its definition and reeve add.
///
/// Nothing of the agent's own or of a caller's is among it.
package enum BaseEnvironment {
    package static let path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

    /// `NAME=value` texts, sorted by name.
    /// - Parameters:
    ///   - facts: What reeve says of the occasion, by name.
    ///   - own: The definition's, with files and credentials read already; they win.
    static func texts(of user: UserRecord, facts: [String: String], own: [String: String]) -> [String] {
        var values = [
            "HOME": user.home, "USER": user.name, "LOGNAME": user.name,
            "SHELL": user.shell.isEmpty ? "/bin/sh" : user.shell,
            "LANG": "C.UTF-8", "PATH": path,
        ]
        values.merge(facts) { _, fact in fact }
        values.merge(own) { _, given in given }
        return values.map { "\($0.key)=\($0.value)" }.sorted()
    }
}
