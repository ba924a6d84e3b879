import Glibc
import ReeveLaunch
package import ReeveProcess
import ReeveProtocol

/// Says of a command what is not there now, and may come with a mount or a package.
package struct CommandChecker: Sendable {
    /// The user that commands run as if they name none.
    var ownUser: UInt32
    /// Which limits can be enforced; `nil`: not to be said here.
    var cgroups: CgroupTree.Standing?

    package init(ownUser: UInt32, cgroups: CgroupTree.Standing? = nil) {
        self.ownUser = ownUser
        self.cgroups = cgroups
    }

    /// - Parameter asUnit: systemd runs it, and sees to its limits.
    func warnings(_ command: CommandDefinition, asUnit: Bool = false) -> [String] {
        var warnings: [String] = []
        if let user = command.user {
            guard let record = UserDatabase.user(user) else { return ["there is no user \(user) now"] }
            if ownUser != 0, record.uid != ownUser {
                warnings.append("only an agent of root can run it as \(user)")
            }
        }
        if let directory = command.workingDirectory, access(directory, X_OK) != 0 {
            warnings.append("the folder \(directory) is not there now")
        }
        if let program = command.command?.first, !isThere(program) {
            warnings.append("the program \(program) is not there now")
        }
        for group in command.groups ?? [] where UserDatabase.group(group) == nil {
            warnings.append("there is no group \(group) now")
        }
        if command.groups != nil, ownUser != 0 { warnings.append("only an agent of root can give it other groups") }
        if case .file(let path) = command.input, access(path, F_OK) != 0 {
            warnings.append("the file \(path) is not there now")
        }
        let unenforced = asUnit ? [] : cgroups?.unenforced(CgroupLimits(command.limits)) ?? []
        if !unenforced.isEmpty {
            let names = unenforced.map { "limits.\($0.rawValue)" }.joined(separator: ", ")
            warnings.append("this agent cannot enforce \(names): \(cgroups?.trouble ?? "it has no such controller")")
        }
        return warnings
    }

    private func isThere(_ program: String) -> Bool {
        if program.contains("/") { return !program.hasPrefix("/") || access(program, X_OK) == 0 }
        return BaseEnvironment.path.split(separator: ":").contains { access("\($0)/\(program)", X_OK) == 0 }
    }
}
