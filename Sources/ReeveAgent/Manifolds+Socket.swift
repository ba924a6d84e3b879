import CLinux
import JSONRPC
import NIOPosix
import ReeveEngine
import ReeveProcess
import ReeveProtocol

extension Manifolds {
    /// Every input is live: who asks how things are is answered whatever is away.
    var socket: Manifold {
        Manifold(
            "socket",
            inputs: [
                .live(Part.store), .live(Part.processes), .live(Part.scheduler), .live(Part.runner),
                .live(Part.services), .live(Part.submitter),
                .live(Part.dropIns),
            ]
        ) { [engine, environment, live, lifecycle] inputs in
            let parts = Parts(
                storeHandle: try inputs.live(Part.store),
                processesHandle: try inputs.live(Part.processes),
                runnerHandle: try inputs.live(Part.runner),
                servicesHandle: try inputs.live(Part.services),
                submitterHandle: try inputs.live(Part.submitter),
                schedulerHandle: try inputs.live(Part.scheduler),
                dropInsHandle: try inputs.live(Part.dropIns)
            )
            lifecycle.use(parts)
            await lifecycle.firstStart(of: engine)
            let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
            let server = RPCServer(
                listeners: environment.sockets.map { RPCServer.Listener(descriptor: $0.descriptor) },
                group: group,
                dispatcher: AgentDispatcher(
                    methods(parts),
                    access: AccessRules(owner: environment.uid),
                    logger: environment.logger
                ),
                limits: live.current.limits,
                identify: { descriptor, _ in Client(try Caller(ofSocket: descriptor)) }
            )
            do {
                try await server.start()
            } catch {
                try await group.closed()
                throw error
            }
            let worker = TaskWorker(
                stopping: .signals,
                report: { .object(["connections": .integer(Int64(server.connectionCount))]) }
            ) { signal in
                await withTaskGroup { tasks in
                    tasks.addTask { await signal.requested() }
                    tasks.addTask { await server.listenerClosed() }
                    await tasks.next()
                    tasks.cancelAll()
                }
                await server.stop(within: .seconds(2))
                try await group.closed()
                // An agent that nobody can reach is to be seen, and to be tried again.
                if !signal.isRequested { throw SocketError("a listening socket has failed and takes no more clients") }
            }
            return Started(worker)
        }
    }

    func methods(_ parts: Parts) -> [AgentMethod] {
        MethodTable(
            parts: parts,
            engine: engine,
            identity: Identity(
                name: live.current.name,
                startedAt: environment.startedAt,
                socketPaths: environment.sockets.compactMap(\.path)
            ),
            time: environment.time,
            paths: paths,
            clock: environment.clock,
            wallClock: environment.wallClock,
            readiness: readiness,
            commandChecker: commandChecker,
            cgroups: environment.cgroups.standing,
            outputBudget: output.budget,
            taskChecker: { taskChecker(environment.time) },
            runLimits: { [live] in live.current.runLimits },
            space: { [live] in live.current.space },
            reloader: reloader
        ).methods
    }
}

extension Caller {
    /// Who connected this socket. Throws if the kernel does not say.
    init(ofSocket descriptor: CInt) throws {
        var peer = clinux_peer()
        let status = clinux_peer(descriptor, &peer)
        guard status >= 0 else { throw SocketError("cannot tell who connected", -status) }
        self.init(uid: peer.user, gid: peer.group, pid: peer.pid)
    }
}
