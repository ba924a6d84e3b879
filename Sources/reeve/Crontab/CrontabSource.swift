import Glibc

/// A crontab's text, and what its place says about it.
struct CrontabSource {
    /// For messages.
    let name: String
    let text: String
    /// Whether a user stands before each command.
    let hasUsers: Bool
    /// Whose it is, if not the caller's.
    let owner: String?

    /// - Parameter argument: A file, a user, `-` for standard input, or `nil` for the caller's own.
    static func read(_ argument: String?, hasUsers: Bool) throws -> CrontabSource {
        let caller = Host.userName(geteuid())
        // The agent that gets them may be another's: what is theirs is to run as them there, too.
        let importer = geteuid() == 0 ? nil : caller
        guard let argument else { return try own(caller, importer: importer, hasUsers: hasUsers) }
        if argument == "-" {
            return CrontabSource(name: "standard input", text: try Standard.read(), hasUsers: hasUsers, owner: importer)
        }
        // A user goes before a file of that name: else who may write to a folder could give root another crontab.
        let isUser = !argument.contains("/") && getpwnam(argument) != nil
        let path = isUser ? try spoolFile(of: argument) : argument
        let place = Place(path: absolute(path))
        return CrontabSource(
            name: path,
            text: try File.read(path),
            hasUsers: hasUsers || place == .system,
            owner: place.owner(importer: importer)
        )
    }

    /// What is known of a crontab by where it is.
    enum Place: Equatable {
        case system
        case spool(user: String)
        case elsewhere

        init(path: String) {
            if path == "/etc/crontab" || path.hasPrefix("/etc/cron.d/") {
                self = .system
            } else if let folder = CrontabSource.spools.first(where: { path.hasPrefix($0) }),
                !path.dropFirst(folder.count).contains("/")
            {
                self = .spool(user: String(path.dropFirst(folder.count)))
            } else {
                self = .elsewhere
            }
        }

        /// Whom its commands run as where no user stands before them; `nil`: as the agent does.
        ///
        /// - Parameter importer: Who takes it over; `nil` for root, whose commands may run as the agent does.
        func owner(importer: String?) -> String? {
            guard case .spool(let user) = self else { return importer }
            return user == "root" ? nil : user
        }
    }

    /// Debian's, and that of others.
    private static let spools = ["/var/spool/cron/crontabs/", "/var/spool/cron/"]

    private static func spoolFile(of user: String) throws -> String {
        let paths = spools.map { $0 + user }
        if let path = paths.first(where: { access($0, R_OK) == 0 }) { return path }
        let isDenied = errno == EACCES || geteuid() != 0
        throw CommandFailure(
            .refused,
            "no crontab of \(user) can be read at \(paths.joined(separator: " or "))",
            hint: isDenied
                ? "only root may; or: crontab -l | reeve import crontab -" : "a file of that name is ./\(user)"
        )
    }

    private static func own(_ caller: String?, importer: String?, hasUsers: Bool) throws -> CrontabSource {
        if let caller, let path = try? spoolFile(of: caller) {
            return CrontabSource(
                name: path,
                text: try File.read(path),
                hasUsers: hasUsers,
                owner: importer
            )
        }
        // Its users may not read the spool; crontab(1) may.
        guard let output = popen("crontab -l", "r") else {
            throw CommandFailure(.refused, "\"crontab -l\" cannot be run: \(Host.text(of: errno))")
        }
        let text = Result { try File.read(descriptor: fileno(output), name: "crontab -l") }
        guard pclose(output) == 0 else {
            throw CommandFailure(
                .refused,
                "your own crontab cannot be read, neither in /var/spool/cron nor by \"crontab -l\"",
                hint: "name a file, a user, or - for standard input"
            )
        }
        return CrontabSource(
            name: "crontab -l",
            text: try text.get(),
            hasUsers: hasUsers,
            owner: importer
        )
    }

    /// Where links lead does not matter: cron goes by where they are.
    private static func absolute(_ path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return (Host.workingDirectory ?? "") + "/" + path }
        guard let folder = realpath(path[...slash].isEmpty ? "/" : String(path[...slash]), nil) else { return path }
        defer { free(folder) }
        let name = String(cString: folder)
        return (name == "/" ? "" : name) + path[slash...]
    }
}
