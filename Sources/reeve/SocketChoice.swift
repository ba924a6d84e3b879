import Glibc

/// Which agent's socket to use.
enum SocketChoice {
    static let system = "/run/reeve/reeve.sock"

    /// The option, then `REEVE_SOCKET`, then the user's socket if it is there, else the system's.
    static func path(
        _ options: GlobalOptions,
        environment: (String) -> String?,
        uid: UInt32,
        exists: (String) -> Bool
    ) -> String {
        let own = (environment("XDG_RUNTIME_DIR") ?? "/run/user/\(uid)") + "/reeve/reeve.sock"
        if let path = options.socket { return path }
        if options.user { return own }
        if options.system { return system }
        if let path = environment("REEVE_SOCKET") { return path }
        return exists(own) ? own : system
    }

    static func path(_ options: GlobalOptions) -> String {
        path(options, environment: Host.environment, uid: geteuid()) { access($0, F_OK) == 0 }
    }

    /// Why nobody could be reached there, and what to do about it.
    static func failure(path: String, errno number: Int32) -> CommandFailure {
        switch number {
        case ENOENT, ECONNREFUSED:
            let what = number == ENOENT ? "there is no socket" : "nobody listens"
            return CommandFailure(.noAgent, "no agent: \(what) at \(path)", hint: start(path))
        case EACCES, EPERM:
            return CommandFailure(.notAllowed, "not allowed to open \(path)", hint: permission(path))
        case ENAMETOOLONG:
            return CommandFailure(.noAgent, "no socket can have a path this long: \(path)", hint: "at most 107 bytes")
        default:
            return CommandFailure(.noAgent, "\(path) cannot be opened: \(Host.text(of: number))", hint: start(path))
        }
    }

    private static func start(_ path: String) -> String {
        if path == system {
            return "start one as root with \"systemctl start reeve.socket\" or \"reeved\",\n"
                + "or one of your own with \"reeved &\""
        }
        return "start one with \"reeved --socket \(path)\""
    }

    private static func permission(_ path: String) -> String {
        var facts = stat()
        guard stat(path, &facts) == 0 else { return "its folder is closed to you: use sudo, or ask who runs the agent" }
        let mode = String(facts.st_mode & 0o777, radix: 8)
        guard let group = Host.groupName(facts.st_gid), facts.st_gid != 0, facts.st_mode & 0o020 != 0 else {
            return "only user \(Host.userName(facts.st_uid) ?? String(facts.st_uid)) may (mode \(mode)): use sudo"
        }
        return "group \(group) may (mode \(mode)): use sudo, or join it with\n"
            + "\"sudo usermod -aG \(group) \(Host.userName(geteuid()) ?? "YOU")\" and log in again"
    }
}
