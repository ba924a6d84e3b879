package import JSONRPC
package import ReeveProtocol
import ReeveRunner

/// What an agent is run with: every value set, whether by a file or by default.
package struct Configuration: Sendable {
    /// What it is called in events; the host's name by default.
    package var name: String
    package var stateDirectory: String
    /// Where sockets are made, if none are passed in.
    package var sockets: [SocketConfiguration] = []
    /// Runs at once.
    package var concurrency = 16
    /// How long runs, and then services, may take to end when the agent stops.
    package var stopTimeout = Interval.seconds(60)
    /// How runs become processes whose task does not say it.
    package var runnerKind = RunnerKind.process
    /// Output kept of each step.
    package var outputPerStep = ByteSize.mebibytes(16)
    /// Output kept of all steps of a run.
    package var outputPerRun = ByteSize.mebibytes(64)
    /// Output kept of all runs: near it, that of the oldest makes room.
    package var outputTotal = ByteSize.gibibytes(1)
    /// Below which attachments of runs may be put.
    package var attachmentFolders: [String]
    /// Runs kept of each task, and for how long.
    package var historyPerTask = 100
    package var historyAge = Interval.days(30)
    /// Of the output of one task's runs: the oldest go beyond it.
    package var historySize = ByteSize.mebibytes(256)
    /// How long tasks of `reeve run` are kept.
    package var historyAdHoc = Interval.hours(24)
    /// How long changes are kept; what an endpoint has not got by then it does not get.
    package var retentionAge = Interval.days(7)
    /// What the store may take of the disk.
    package var space = StoreSpace()
    /// How long dead letters are kept, and about how many bytes of them.
    package var deadLetterAge = Interval.days(30)
    package var deadLetterBytes = 256 << 20
    /// The zone of schedules that name none; the host's if `nil`.
    package var timeZone: String?
    package var missed: MissedPolicy?
    package var startBy: Interval?
    /// How many runs of a group may go on at once.
    package var groups: [String: Int] = [:]
    package var endpoints: [EndpointDefinition] = []
    /// Where files of tasks and services are.
    package var folders: [DropInFolder] = []
    package var logLevel: String?
    package var logFormat: String?
    package var limits = RPCLimits()

    package init(name: String, stateDirectory: String) {
        self.name = name
        self.stateDirectory = stateDirectory
        attachmentFolders = Self.defaultAttachmentFolders + [stateDirectory + "/attachments"]
    }

    /// Where hosts keep what programs make; not where they keep programs and their configuration.
    package static let defaultAttachmentFolders = ["/run", "/srv", "/tmp", "/var/lib", "/var/tmp"]

    var runLimits: RunLimits { RunLimits(concurrency: concurrency, startBy: startBy, groups: groups) }
}

/// A socket that the agent makes.
package struct SocketConfiguration: Sendable, Hashable {
    package var path: String
    /// Permissions of the socket file; 0666 by default: who may do what is decided by role.
    package var mode: UInt32
    package var group: String?

    package init(path: String, mode: UInt32 = 0o666, group: String? = nil) {
        self.path = path
        self.mode = mode
        self.group = group
    }
}
