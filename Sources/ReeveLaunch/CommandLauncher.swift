import Glibc
package import ReeveProcess
package import ReeveProtocol

/// Turns a command as it was defined into a process.
package struct CommandLauncher: Sendable {
    package var processes: Processes
    package var secrets: SecretReader

    package init(processes: Processes, secrets: SecretReader) {
        self.processes = processes
        self.secrets = secrets
    }

    /// What is not the command's own, but of the occasion on which it is started.
    package struct Occasion: Sendable {
        package var key: ProcessKey
        /// What reeve says of the occasion: `REEVE_…` and its like, by name.
        package var facts: [String: String]
        /// Those variables that this process and all that it starts have, and nobody else.
        package var marks: [String]
        package var output: SpoolSpecification?
        /// Where a script is put; it is not there before, and has to be removed by ``CommandLauncher/cleanUp(_:)``.
        package var scriptDirectory: String
        /// What the cgroup is called that the process gets; `nil`: it gets none, and no limits that need one.
        package var cgroup: String?
        /// Where the process finds a socket to tell how it is (sd_notify(3)), as `NOTIFY_SOCKET` says; none if absent.
        package var notifySocket: String?

        package init(
            key: ProcessKey,
            facts: [String: String],
            marks: [String],
            output: SpoolSpecification?,
            scriptDirectory: String,
            cgroup: String? = nil,
            notifySocket: String? = nil
        ) {
            self.key = key
            self.facts = facts
            self.marks = marks
            self.output = output
            self.scriptDirectory = scriptDirectory
            self.cgroup = cgroup
            self.notifySocket = notifySocket
        }
    }

    /// Starts it. What it put on disk is gone again if that fails.
    package func start(_ command: CommandDefinition, on occasion: Occasion) throws(LaunchFailure) -> ChildRecord {
        let specification = try specification(command, occasion)
        do {
            return try processes.start(specification, key: occasion.key)
        } catch {
            cleanUp(occasion.scriptDirectory)
            throw LaunchFailure(error)
        }
    }

    /// Has it started as a unit. What it put on disk is gone again if that fails.
    package func start(
        _ command: CommandDefinition,
        on occasion: Occasion,
        as unit: UnitIdentity,
        by host: UnitHost
    ) async throws(LaunchFailure) -> ChildRecord {
        let specification = try specification(command, occasion)
        do {
            return try await processes.start(specification, key: occasion.key, as: unit, by: host)
        } catch {
            if !error.isUndecided { cleanUp(occasion.scriptDirectory) }
            throw LaunchFailure(error)
        }
    }

    /// Takes up the unit that an agent before this one has started on the same occasion. `nil`: there is none.
    package func takeUp(
        _ command: CommandDefinition,
        on occasion: Occasion,
        as unit: UnitIdentity,
        by host: UnitHost
    ) async throws(StartError) -> ChildRecord? {
        var specification = ProcessSpecification(arguments: [])
        specification.user = try? processUser(command, user(command))
        specify(occasion, command.limits, in: &specification)
        return try await processes.takeUp(specification, key: occasion.key, as: unit, by: host)
    }

    private func specification(
        _ command: CommandDefinition,
        _ occasion: Occasion
    ) throws(LaunchFailure) -> ProcessSpecification {
        let user = try user(command)
        var specification = ProcessSpecification(arguments: try arguments(command, occasion, user))
        var facts = occasion.facts
        facts["NOTIFY_SOCKET"] = occasion.notifySocket
        do {
            specification.environment = BaseEnvironment.texts(
                of: user,
                facts: facts,
                own: try environment(command)
            )
            specification.workingDirectory = command.workingDirectory ?? (isThere(user.home) ? user.home : "/")
            specification.user = try processUser(command, user)
            specification.umask = command.umask?.bits ?? 0o022
            specification.nice = command.nice
            specification.limits = command.limits?.ofProcess ?? []
            specification.standardInput = StandardInput(command)
            specify(occasion, command.limits, in: &specification)
            return specification
        } catch {
            cleanUp(occasion.scriptDirectory)
            throw error
        }
    }

    /// Removes what a start put on disk, after the process has ended.
    package func cleanUp(_ scriptDirectory: String) {
        ScriptFile.remove(directory: scriptDirectory)
    }

    /// What a process that is taken up has as well.
    private func specify(
        _ occasion: Occasion,
        _ limits: LimitsDefinition?,
        in specification: inout ProcessSpecification
    ) {
        specification.cgroup = occasion.cgroup.map { CgroupSpecification(name: $0, limits: CgroupLimits(limits)) }
        specification.output = occasion.output
        specification.marks = occasion.marks
        specification.notifySocket = occasion.notifySocket.map(NotifySocketSpecification.init(path:))
    }

    /// Whose process it is: the one that the command names, else the agent's own.
    package func user(_ command: CommandDefinition) throws(LaunchFailure) -> UserRecord {
        let own = geteuid()
        guard let name = command.user else {
            return UserDatabase.own
                ?? UserRecord(
                    name: String(own),
                    uid: own,
                    gid: getegid(),
                    groups: [getegid()],
                    home: "/",
                    shell: "/bin/sh"
                )
        }
        guard let user = UserDatabase.user(name) else {
            throw LaunchFailure(cause: "startFailed", reason: "there is no user \(name)")
        }
        guard own == 0 || own == user.uid else {
            throw LaunchFailure(cause: "startFailed", reason: "only an agent of root can run it as \(name)")
        }
        return user
    }

    private func arguments(
        _ command: CommandDefinition,
        _ occasion: Occasion,
        _ user: UserRecord
    ) throws(LaunchFailure) -> [String] {
        guard let script = command.script else { return command.command ?? [] }
        do {
            // Left by an agent that was killed between the intent and the start.
            ScriptFile.remove(directory: occasion.scriptDirectory)
            let file = try ScriptFile(script, directory: occasion.scriptDirectory, user: user)
            return file.interpreter + [file.path]
        } catch {
            throw LaunchFailure(cause: "startFailed", reason: error.description)
        }
    }

    private func environment(_ command: CommandDefinition) throws(LaunchFailure) -> [String: String] {
        var own: [String: String] = [:]
        do throws(SecretReader.Unreadable) {
            for (name, value) in command.environment ?? [:] { own[name] = try secrets.value(of: value, for: name) }
        } catch {
            throw LaunchFailure(cause: "startFailed", reason: error.description)
        }
        return own
    }

    /// `nil`: the agent's own, for it cannot become another.
    private func processUser(_ command: CommandDefinition, _ user: UserRecord) throws(LaunchFailure) -> ProcessUser? {
        guard geteuid() == 0 else {
            guard command.groups == nil else {
                throw LaunchFailure(cause: "startFailed", reason: "only an agent of root can give it other groups")
            }
            return nil
        }
        guard let names = command.groups else {
            return ProcessUser(user: user.uid, group: user.gid, groups: user.groups)
        }
        var groups: [UInt32] = []
        for name in names {
            guard let group = UserDatabase.group(name) else {
                throw LaunchFailure(cause: "startFailed", reason: "there is no group \(name)")
            }
            groups.append(group)
        }
        return ProcessUser(user: user.uid, group: user.gid, groups: groups)
    }

    private func isThere(_ directory: String) -> Bool {
        access(directory, X_OK) == 0
    }
}
