package import ReeveLaunch
package import ReeveProcess
import ReeveProtocol

/// Where the files of services are.
package struct ServiceFiles: Sendable {
    /// The agent's own folder.
    package var stateDirectory: String

    package init(stateDirectory: String) {
        self.stateDirectory = stateDirectory
    }

    /// The one log of a service, over all its processes.
    package func log(_ service: String) -> String { "\(stateDirectory)/services/\(service).log" }

    /// No name of a run, step or service has a colon.
    func scriptDirectory(_ service: String) -> String { "\(stateDirectory)/scripts/service:\(service)" }
    func probeDirectory(_ service: String) -> String { "\(stateDirectory)/scripts/probe:\(service)" }

    /// By its row and not its name: the path of a socket must be short (unix(7)).
    func notifySocket(_ row: Int64) -> String { "\(stateDirectory)/notify/\(row)" }
}

/// Turns a service into a process.
package struct ServiceLauncher: Sendable {
    package var launcher: CommandLauncher
    package var files: ServiceFiles

    package init(launcher: CommandLauncher, files: ServiceFiles) {
        self.launcher = launcher
        self.files = files
    }

    package var processes: Processes { launcher.processes }

    package static func key(_ service: String) -> ProcessKey { ProcessKey(prefix + service) }
    private static let prefix = "service/"

    /// The service whose process has that key; `nil` if it is another's, or a probe's.
    static func service(of key: ProcessKey) -> String? {
        let text = key.description
        guard text.hasPrefix(prefix) else { return nil }
        let name = text.dropFirst(prefix.count)
        return name.contains("/") ? nil : String(name)
    }

    /// What every process of any service has in its environment, and no other.
    static func marks(agentID: String) -> [String] { ["REEVE_AGENT=\(agentID)"] }

    /// What every process of the service, and of no other, has in its environment.
    private static func marks(_ service: String, agentID: String) -> [String] {
        marks(agentID: agentID) + ["REEVE_SERVICE=\(service)"]
    }

    /// What agents before this one have left of services.
    func leftovers(agentID: String) -> ProcessTree {
        processes.leftovers(marks: Self.marks(agentID: agentID), cgroups: Self.cgroupPrefix)
    }

    private static let cgroupPrefix = "service-"

    /// Whom probes ask, with where in the log this process begins.
    func subject(_ definition: ServiceDefinition, agentID: String, logStart: SpoolPosition) -> Prober.Subject {
        Prober.Subject(
            launcher: launcher,
            command: definition.commandDefinition,
            key: Self.key(definition.name),
            facts: facts(definition, agentID: agentID),
            scriptDirectory: files.probeDirectory(definition.name),
            log: files.log(definition.name),
            logStart: logStart
        )
    }

    func start(_ definition: ServiceDefinition, row: Int64, agentID: String) throws(LaunchFailure) -> ChildRecord {
        var facts = facts(definition, agentID: agentID)
        if let watchdog = definition.watchdog { facts["WATCHDOG_USEC"] = String(watchdog.milliseconds * 1000) }
        let occasion = CommandLauncher.Occasion(
            key: Self.key(definition.name),
            facts: facts,
            marks: Self.marks(definition.name, agentID: agentID),
            output: SpoolSpecification(
                path: files.log(definition.name),
                ring: (definition.log?.size ?? ServiceLogDefinition.defaultSize).bytes
            ),
            scriptDirectory: files.scriptDirectory(definition.name),
            cgroup: Self.cgroupPrefix + definition.name,
            notifySocket: definition.speaksNotify ? files.notifySocket(row) : nil
        )
        return try launcher.start(definition.commandDefinition, on: occasion)
    }

    /// Ends a process that nobody else sees to: by its signal, after its grace by a kill. `nil` if the task is cancelled
    /// before that is done.
    ///
    /// - Parameter grace: In the place of the definition's.
    func end(_ definition: ServiceDefinition, grace: Duration? = nil, clock: any Clock<Duration>) async -> ServiceExit?
    {
        let key = Self.key(definition.name)
        let stop = definition.stop ?? StopDefinition()
        processes.signal(key, stop.signalNumber)
        let grace = grace ?? stop.effectiveGrace.duration
        await withTaskGroup(of: Void.self) { group in
            group.addTask { [processes] in _ = await processes.ended(key) }
            group.addTask { try? await clock.sleep(for: grace) }
            await group.next()
            group.cancelAll()
        }
        guard !Task.isCancelled else { return nil }
        _ = await processes.kill(key)
        guard let end = await processes.ended(key) else { return nil }
        processes.forget(key)
        cleanUp(definition.name)
        return ServiceExit(end)
    }

    /// Removes what a start put on disk.
    func cleanUp(_ service: String) {
        launcher.cleanUp(files.scriptDirectory(service))
    }

    private func facts(_ definition: ServiceDefinition, agentID: String) -> [String: String] {
        ["REEVE_SERVICE": definition.name, "REEVE_AGENT": agentID]
    }
}

extension ServiceDefinition {
    /// It is to find a socket to tell how it is (sd_notify(3)).
    var speaksNotify: Bool { ready?.signal == .notify || watchdog != nil }
}

extension ServiceExit {
    init(_ end: ProcessEnd) {
        self.init(ProcessVerdict(end), at: Timestamp(milliseconds: end.endedAt))
    }
}
