import CLinux
import Glibc

/// Why a process could not be started. Nothing of it is left then.
package struct StartError: Error, Equatable, CustomStringConvertible {
    package enum Stage: String, Sendable {
        /// A process with this key is known already.
        case key
        /// An argument or an environment entry that no process can get: none at all, or one with a zero byte.
        case arguments
        /// A pipe, the standard input or what watches the process; mostly: no descriptors left.
        case descriptors
        /// The process itself; mostly: too many of them.
        case process
        /// The socket to which the process would tell how it is.
        case notifySocket
        /// Who is to start it for us.
        case serviceManager
        case cgroup, session, nice, limit, groups, user, workingDirectory, standardInput, execute
    }

    package let stage: Stage
    /// The kernel's error number.
    package let errno: CInt
    /// The file or folder that it is about, as it was tried.
    package let path: String?
    /// What happened, for a person: `cannot execute /x/y: no such file or directory`.
    package let description: String

    /// It may come to be all the same: nobody waited for an answer. What it needs has to stay.
    package var isUndecided: Bool { stage == .serviceManager && errno == ECANCELED }

    package init(_ stage: Stage, errno: CInt, path: String? = nil, detail: String? = nil) {
        self.stage = stage
        self.errno = errno
        self.path = path
        description = "cannot \(stage.attempt(path)): \(detail ?? errorText(errno))"
    }
}

extension StartError.Stage {
    fileprivate func attempt(_ path: String?) -> String {
        switch self {
        case .key: "start another process with the same key"
        case .arguments: "pass the arguments and the environment"
        case .descriptors: "prepare the input and output of a process"
        case .process: "create a process"
        case .notifySocket: "make the notify socket \(path ?? "")"
        case .serviceManager: "have systemd start a process"
        case .cgroup: "begin in the cgroup \(path ?? "")"
        case .session: "create a session"
        case .nice: "set the nice value"
        case .limit: "set the limit \(path ?? "")"
        case .groups: "set the groups"
        case .user: "become the user"
        case .workingDirectory: "enter the folder \(path ?? "")"
        case .standardInput: "open \(path ?? "") as standard input"
        case .execute: "execute \(path ?? "")"
        }
    }

    /// The stage of a failure that the call to the kernel told of.
    init(_ stage: clinux_stage) {
        switch stage {
        case clinux_stage_cgroup: self = .cgroup
        case clinux_stage_session: self = .session
        case clinux_stage_descriptors: self = .descriptors
        case clinux_stage_nice: self = .nice
        case clinux_stage_limit: self = .limit
        case clinux_stage_groups: self = .groups
        case clinux_stage_user: self = .user
        case clinux_stage_directory: self = .workingDirectory
        case clinux_stage_input: self = .standardInput
        case clinux_stage_execute: self = .execute
        default: self = .process
        }
    }
}

/// The meaning of an error number, in lower case, to stand behind a colon.
package func errorText(_ number: CInt) -> String {
    // glibc keeps the text of an unknown number for each thread: this is safe from any of them.
    let text = String(cString: strerror(number))
    return text.prefix(1).lowercased() + text.dropFirst()
}
