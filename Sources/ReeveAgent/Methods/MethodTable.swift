import JSON
import ReeveEngine
import ReeveProcess
import ReeveProtocol
import ReeveRunner
import ReeveService
import ReeveStore

/// Every method that the agent answers.
struct MethodTable: Sendable {
    var parts: Parts
    var engine: Engine
    var identity: Identity
    var time: HostTime
    var paths: RunPaths
    var clock: any Clock<Duration>
    var wallClock: any WallClock
    var readiness: Readiness
    var commandChecker: CommandChecker
    var cgroups: CgroupTree.Standing
    var outputBudget: SpoolBudget
    /// By what the configuration says now, as are the limits.
    var taskChecker: @Sendable () -> TaskChecker
    var runLimits: @Sendable () -> RunLimits
    var space: @Sendable () -> StoreSpace
    var reloader: Reloader

    var methods: [AgentMethod] {
        let described: [AgentMethod] =
            agent.methods + tasks.methods + runs.methods + services.methods + serviceLogs.methods + events.methods
            + endpoints.methods + EndpointStandingMethods(parts: parts, wallClock: wallClock).methods + why.methods
            + DeadLetterMethods(parts: parts, agentName: identity.name).methods + timelines.methods
            + RunTerminalMethods(parts: parts).methods
            + GroupMethods(parts: parts, limits: runLimits).methods
            + EngineMethods(engine: engine).methods
        return [discover] + described
    }

    private var discover: AgentMethod {
        .immediate("rpc.discover", .none) { (_: NoParameters, _) in OpenRPC.document }
    }

    private var agent: AgentMethods {
        AgentMethods(
            parts: parts,
            engine: engine,
            identity: identity,
            time: time,
            storePath: "\(paths.stateDirectory)/reeve.db",
            wallClock: wallClock,
            readiness: readiness,
            cgroups: cgroups,
            outputBudget: outputBudget,
            space: space,
            reloader: reloader
        )
    }

    private var tasks: TaskMethods {
        TaskMethods(parts: parts, makeChecker: taskChecker, clock: wallClock)
    }

    private var runs: RunMethods {
        RunMethods(parts: parts, time: time, paths: paths, clock: clock, wallClock: wallClock)
    }

    private var why: WhyMethods {
        WhyMethods(parts: parts, time: time, limits: runLimits, space: space, wallClock: wallClock)
    }

    private var timelines: TimelineMethods {
        TimelineMethods(parts: parts, time: time, wallClock: wallClock)
    }

    private var services: ServiceMethods {
        ServiceMethods(
            parts: parts,
            checker: ServiceChecker(commands: commandChecker),
            time: time,
            clock: clock,
            wallClock: wallClock
        )
    }

    private var serviceLogs: ServiceLogMethods {
        ServiceLogMethods(
            parts: parts,
            logPath: { [paths] in ServiceFiles(stateDirectory: paths.stateDirectory).log($0) },
            clock: clock
        )
    }

    private var events: EventMethods {
        EventMethods(parts: parts, agentName: identity.name, space: space, clock: clock)
    }

    private var endpoints: EndpointMethods {
        EndpointMethods(parts: parts)
    }
}
