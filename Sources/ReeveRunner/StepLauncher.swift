import Glibc
package import ReeveProcess
import ReeveProtocol

/// Turns a step of a run into a process.
package struct StepLauncher: Sendable {
    package var processes: Processes
    package var paths: RunPaths
    package var secrets: SecretReader
    /// Bytes of output kept of each step.
    package var outputQuota: Int

    package init(processes: Processes, paths: RunPaths, secrets: SecretReader, outputQuota: Int) {
        self.processes = processes
        self.paths = paths
        self.secrets = secrets
        self.outputQuota = outputQuota
    }

    /// What every process of the run, and of no other, has in its environment.
    static func marks(of run: Run) -> [String] { ["REEVE_RUN=\(run.id)"] }

    func start(_ step: StepDefinition, _ record: RunStep, of run: Run) throws(StepFailure) -> ChildRecord {
        let user = try user(step)
        var specification = ProcessSpecification(arguments: try arguments(step, record, run, user))
        specification.environment = try environment(step, record, run, user)
        specification.workingDirectory = step.workingDirectory ?? (isThere(user.home) ? user.home : "/")
        if geteuid() == 0 {
            specification.user = ProcessUser(user: user.uid, group: user.gid, groups: user.groups)
        }
        specification.umask = 0o022
        specification.limits = limits(step)
        specification.standardInput = step.input.map { .bytes(Array($0.utf8)) } ?? .null
        specification.output = SpoolSpecification(path: paths.output(run: run.id, step: record), quota: outputQuota)
        specification.marks = Self.marks(of: run)
        do {
            return try processes.start(specification, key: RunPaths.key(run: run.id, step: record))
        } catch {
            cleanUp(record, of: run)
            throw StepFailure(error)
        }
    }

    /// Removes what the start of a step put on disk, after the step has ended.
    func cleanUp(_ record: RunStep, of run: Run) {
        ScriptFile.remove(directory: paths.scriptDirectory(run: run.id, step: record))
    }

    private func user(_ step: StepDefinition) throws(StepFailure) -> UserRecord {
        let own = geteuid()
        guard let name = step.user else {
            return UserDatabase.user(uid: own)
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
            throw StepFailure(cause: "startFailed", reason: "there is no user \(name)")
        }
        guard own == 0 || own == user.uid else {
            throw StepFailure(cause: "startFailed", reason: "only an agent of root can run it as \(name)")
        }
        return user
    }

    private func arguments(
        _ step: StepDefinition,
        _ record: RunStep,
        _ run: Run,
        _ user: UserRecord
    ) throws(StepFailure) -> [String] {
        guard let script = step.script else { return step.command ?? [] }
        do {
            let directory = paths.scriptDirectory(run: run.id, step: record)
            // Left by an agent that was killed between the intent and the start.
            ScriptFile.remove(directory: directory)
            let file = try ScriptFile(script, directory: directory, user: user)
            return file.interpreter + [file.path]
        } catch {
            throw StepFailure(cause: "startFailed", reason: error.description)
        }
    }

    private func environment(
        _ step: StepDefinition,
        _ record: RunStep,
        _ run: Run,
        _ user: UserRecord
    ) throws(StepFailure) -> [String] {
        var own: [String: String] = [:]
        for (name, value) in step.environment ?? [:] { own[name] = try secrets.value(of: value, name: name) }
        return StepEnvironment(user: user, run: run, step: record).texts(own: own)
    }

    private func limits(_ step: StepDefinition) -> [ResourceLimit] {
        guard let limits = step.limits else { return [] }
        var list: [ResourceLimit] = []
        func add(_ resource: ResourceLimit.Resource, _ value: Int?) {
            if let value { list.append(ResourceLimit(resource, UInt64(value))) }
        }
        add(.openFiles, limits.openFiles)
        add(.core, limits.coreSize?.bytes)
        add(.fileSize, limits.fileSize?.bytes)
        add(.cpuSeconds, limits.cpuTime.map { Int(($0.milliseconds + 999) / 1000) })
        return list
    }

    private func isThere(_ directory: String) -> Bool {
        access(directory, X_OK) == 0
    }
}
