/// Somebody else who starts processes for the agent, and whose they are: a service manager. They go on though the agent
/// ends, and another agent takes them up again.
package protocol UnitManager: Sendable {
    /// Starts a process as the unit of this name. Answers when it executes its program; nothing of it is left if it does
    /// not.
    func start(_ unit: UnitSpecification) async throws(StartError) -> UnitState

    /// `nil`: there is no such unit.
    func state(_ name: String) async throws(StartError) -> UnitState?

    /// Calls once when the process of a unit is over, or the unit is gone (`nil`); at once where that is so already.
    func watch(_ name: String, _ onEnd: @escaping @Sendable (UnitState?) -> Void)

    /// Ends what is left of a unit and forgets it; a later start of that name comes after it. Calls `done` when that has
    /// been told; not at all where nobody could be told.
    func release(_ name: String, _ done: @escaping @Sendable () -> Void)
}

/// What a unit is to be.
package struct UnitSpecification: Sendable {
    /// With its suffix, `.service`.
    package var name: String
    /// For people.
    package var description: String
    package var process: ProcessSpecification
    /// The program, as an absolute path.
    package var executable: String
    /// What becomes standard input, output and error; the caller's to close.
    package var input: CInt
    package var output: CInt
    package var error: CInt
    /// What the service manager is to do beyond that, by its own names.
    package var properties: [String: UnitProperty]

    package init(
        name: String,
        description: String,
        process: ProcessSpecification,
        executable: String,
        input: CInt,
        output: CInt,
        error: CInt,
        properties: [String: UnitProperty]
    ) {
        self.name = name
        self.description = description
        self.process = process
        self.executable = executable
        self.input = input
        self.output = output
        self.error = error
        self.properties = properties
    }
}

/// The value of a property of a unit.
package enum UnitProperty: Sendable, Hashable {
    case flag(Bool)
    case text(String)
    case texts([String])
    case number(UInt64)
}

/// How a unit stands.
package struct UnitState: Sendable, Equatable {
    /// Of the process that was started; 0: there was none.
    package var pid: Int32
    /// There is no process yet, as it waits for its turn.
    package var isStarting: Bool
    /// It lives.
    package var isRunning: Bool
    /// The folder of its cgroup; `nil`: it has none, or none any more.
    package var cgroup: String?
    /// When the process began, in milliseconds since 1970.
    package var startedAt: Int64
    /// `nil` while it is running.
    package var end: End?

    package struct End: Sendable, Equatable {
        package var reason: ProcessEnd.Reason
        /// Processor time of it and all that it started.
        package var cpuTime: Duration?
        /// Killed for want of memory, or one of those that it started.
        package var isOutOfMemory: Bool
        /// In milliseconds since 1970.
        package var endedAt: Int64

        package init(reason: ProcessEnd.Reason, cpuTime: Duration?, isOutOfMemory: Bool, endedAt: Int64) {
            self.reason = reason
            self.cpuTime = cpuTime
            self.isOutOfMemory = isOutOfMemory
            self.endedAt = endedAt
        }
    }

    package init(pid: Int32, isStarting: Bool, isRunning: Bool, cgroup: String?, startedAt: Int64, end: End?) {
        self.pid = pid
        self.isStarting = isStarting
        self.isRunning = isRunning
        self.cgroup = cgroup
        self.startedAt = startedAt
        self.end = end
    }
}

/// Keeps descriptors open for the agent that comes after this one.
package protocol DescriptorKeeper: Sendable {
    /// Has it kept under this name. Whether it was: there may be nobody who does.
    func keep(_ descriptor: CInt, as name: String) -> Bool
    /// It is not needed any more.
    func drop(_ name: String)
    /// Gives one up that was kept for this agent; `nil`: there is none. It is the caller's from then on.
    func take(_ name: String) -> CInt?
    /// The names under which something is kept that nobody took.
    var left: [String] { get }
}
