import Glibc

/// Where things are, by the environment that the daemon was started in.
struct Places {
    private let environment: [String: String]
    private let uid: uid_t

    init() {
        var values: [String: String] = [:]
        for name in [
            "STATE_DIRECTORY", "XDG_STATE_HOME", "XDG_RUNTIME_DIR", "XDG_CONFIG_HOME", "HOME", "TZ", "TZDIR",
            "CREDENTIALS_DIRECTORY",
        ] {
            guard let value = getenv(name) else { continue }
            let text = String(cString: value)
            if !text.isEmpty { values[name] = text }
        }
        environment = values
        uid = geteuid()
    }

    subscript(name: String) -> String? { environment[name] }

    private var home: String { environment["HOME"] ?? "/" }

    /// `$STATE_DIRECTORY` may list several folders (systemd.exec(5)): the first is ours.
    var stateDirectory: String {
        if let list = environment["STATE_DIRECTORY"] {
            return String(list.prefix { $0 != ":" })
        }
        if uid == 0 { return "/var/lib/reeve" }
        return (environment["XDG_STATE_HOME"] ?? "\(home)/.local/state") + "/reeve"
    }

    var socket: String {
        if uid == 0 { return "/run/reeve/reeve.sock" }
        return (environment["XDG_RUNTIME_DIR"] ?? "/run/user/\(uid)") + "/reeve/reeve.sock"
    }

    var configuration: String {
        if uid == 0 { return "/etc/reeve/reeve.yaml" }
        return (environment["XDG_CONFIG_HOME"] ?? "\(home)/.config") + "/reeve/reeve.yaml"
    }

    var hostName: String {
        var buffer = [CChar](repeating: 0, count: 256)
        guard gethostname(&buffer, buffer.count - 1) == 0 else { return "localhost" }
        let name = String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        return name.isEmpty ? "localhost" : name
    }
}
