/// What to start: everything that the new process gets. Nothing of the agent's own is added to it.
package struct ProcessSpecification: Sendable {
    /// The argument list; the first is the command. Never read by a shell.
    package var arguments: [String]
    /// The file to execute where it is not the first argument.
    ///
    /// Either with a slash: a path, seen from the working directory. Or without: looked for in the absolute folders of
    /// `PATH` in ``environment``.
    package var executable: String?
    /// The whole environment, each as `NAME=VALUE`.
    package var environment: [String]
    /// Where the process begins, entered as its user.
    package var workingDirectory: String
    /// Whose process it is; `nil`: the agent's user.
    package var user: ProcessUser?
    /// The permissions that new files do not get; `nil`: the agent's.
    package var umask: UInt32?
    /// From -20 (first) to 19 (last); `nil`: the agent's.
    package var nice: Int?
    package var limits: [ResourceLimit]
    package var standardInput: StandardInput
    /// Where the output is kept; `nil`: it is read and thrown away, counted as dropped.
    package var output: SpoolSpecification?
    /// How long after its end the process's output is waited for, if something that it left behind holds it open.
    package var outputGrace: Duration
    /// Where the process can tell how it is; `nil`: nowhere.
    package var notifySocket: NotifySocketSpecification?
    /// Those entries of ``environment`` that nothing but this process and what it starts has, by which
    /// ``Processes/kill(_:within:)`` knows what left the session. A process is marked if it has all of them.
    package var marks: [String]

    /// The cgroup of its own in which the process begins, so that nothing it starts gets out of sight. Where none can be
    /// had, it begins in the agent's. `nil`: it is to begin there.
    package var cgroup: CgroupSpecification?

    package init(
        arguments: [String],
        executable: String? = nil,
        environment: [String] = [],
        workingDirectory: String = "/",
        user: ProcessUser? = nil,
        umask: UInt32? = nil,
        nice: Int? = nil,
        limits: [ResourceLimit] = [],
        standardInput: StandardInput = .null,
        output: SpoolSpecification? = nil,
        outputGrace: Duration = .milliseconds(200),
        notifySocket: NotifySocketSpecification? = nil,
        marks: [String] = [],
        cgroup: CgroupSpecification? = nil
    ) {
        self.arguments = arguments
        self.executable = executable
        self.environment = environment
        self.workingDirectory = workingDirectory
        self.user = user
        self.umask = umask
        self.nice = nice
        self.limits = limits
        self.standardInput = standardInput
        self.output = output
        self.outputGrace = outputGrace
        self.notifySocket = notifySocket
        self.marks = marks
        self.cgroup = cgroup
    }
}

/// A cgroup that is made for one process. It is removed when nothing is in it any more and the process is forgotten.
package struct CgroupSpecification: Sendable, Equatable {
    /// A file's name, by which ``Processes/leftovers(marks:cgroups:)`` finds it.
    package var name: String
    package var limits: CgroupLimits

    package init(name: String, limits: CgroupLimits = CgroupLimits()) {
        self.name = name
        self.limits = limits
    }
}

/// A user by numbers. Looking up names is the caller's part.
package struct ProcessUser: Sendable, Equatable {
    package var user: UInt32
    package var group: UInt32
    /// The supplementary groups, exactly: none are added.
    package var groups: [UInt32]

    package init(user: UInt32, group: UInt32, groups: [UInt32] = []) {
        self.user = user
        self.group = group
        self.groups = groups
    }
}

/// What a process reads from its standard input.
package enum StandardInput: Sendable, Equatable {
    /// Nothing.
    case null
    /// These bytes and then the end. They are kept in memory, by the kernel, until the process is done with them.
    case bytes([UInt8])
    /// A file, opened as the process's user.
    case file(String)
    /// A terminal, which its output streams are too, and which is that of its session (``Processes/type(_:_:)``). What it
    /// writes counts as its output.
    case terminal(TerminalSize)
}
