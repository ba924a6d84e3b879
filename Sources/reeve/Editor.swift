import Glibc

/// The user's editor.
enum Editor {
    /// Opens a file and waits until the editor ends.
    static func open(_ path: String) throws {
        let editor = Host.environment("VISUAL") ?? Host.environment("EDITOR") ?? "vi"
        // The variable may hold options, so a shell reads it, as git and crontab have it.
        let arguments = ["sh", "-c", "\(editor) \"$1\"", "sh", path]
        var vector = arguments.map { strdup($0) } + [nil]
        defer { for argument in vector { free(argument) } }
        var pid: pid_t = 0
        let failure = posix_spawn(&pid, "/bin/sh", nil, nil, &vector, environ)
        guard failure == 0 else {
            throw CommandFailure(.refused, "the editor cannot be started: \(Host.text(of: failure))")
        }
        var status: Int32 = 0
        while waitpid(pid, &status, 0) < 0, errno == EINTR {}
        guard status == 0 else {
            throw CommandFailure(.refused, "the editor \"\(editor)\" failed; nothing was put", hint: "set EDITOR")
        }
    }
}
