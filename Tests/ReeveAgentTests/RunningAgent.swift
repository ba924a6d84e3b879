import Glibc
import JSON
import JSONRPC
import Logging
import ReeveEngine
import ReeveProcess
import ReeveProtocol
import ReeveStore
import TestSupport

@testable import ReeveAgent

/// A whole agent in this process: a real store, real sockets and real processes, in a folder of its own.
struct RunningAgent: Sendable {
    let agent: Agent
    let folder: TemporaryFolder
    let socketPath: String
    let socket: ListeningSocket
    /// Administers.
    let client: RPCClient

    /// The host's clock: its thread serves all tests.
    private static let wallClock = SystemClock()

    static func environment(
        _ folder: TemporaryFolder,
        sockets: [ListeningSocket],
        clock: any Clock<Duration> = ContinuousClock(),
        wallClock: (any WallClock)? = nil,
        time: HostTime? = nil,
        cgroups: CgroupTree = CgroupTree(without: "none was asked for"),
        source: (Configuration) -> ConfigurationSource? = { _ in nil },
        _ configure: (inout Configuration) -> Void
    ) throws -> Agent.Environment {
        var configuration = Configuration(name: "web-7", stateDirectory: folder.path + "/state")
        configuration.stopTimeout = .seconds(10)
        configure(&configuration)
        return Agent.Environment(
            configuration: configuration,
            sockets: sockets,
            time: try time ?? HostTime(environmentTZ: nil, directory: nil, configured: "UTC", host: "test"),
            clock: clock,
            wallClock: try wallClock ?? SystemClock.needed(Self.wallClock),
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
            credentialsDirectory: nil,
            uid: getuid(),
            cgroups: cgroups,
            configurationSource: source(configuration)
        )
    }

    /// Runs an agent for as long as `body` runs, from the moment when it is ready.
    static func with<Result: Sendable>(
        folder: TemporaryFolder? = nil,
        clock: any Clock<Duration> = ContinuousClock(),
        wallClock: (any WallClock)? = nil,
        time: HostTime? = nil,
        cgroups: CgroupTree = CgroupTree(without: "none was asked for"),
        _ configure: (inout Configuration) -> Void = { _ in },
        source: (Configuration) -> ConfigurationSource? = { _ in nil },
        _ body: @escaping @Sendable (RunningAgent) async throws -> Result
    ) async throws -> Result {
        let folder = try folder ?? TemporaryFolder()
        let path = folder.path + "/s"
        let socket = try ListeningSocket(SocketConfiguration(path: path))
        defer { socket.remove() }
        let agent = try Agent(
            environment(
                folder,
                sockets: [socket],
                clock: clock,
                wallClock: wallClock,
                time: time,
                cgroups: cgroups,
                source: source,
                configure
            )
        )
        let (reports, sender) = AsyncStream.makeStream(of: EngineReport.self)
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                defer { sender.finish() }
                try await agent.run { report in sender.yield(report) }
            }
            for await report in reports where agent.readiness.isReady(report) { break }
            let client = try await RPCClient.connect(unixSocket: path)
            let running = RunningAgent(agent: agent, folder: folder, socketPath: path, socket: socket, client: client)
            let result: Swift.Result<Result, any Error>
            do { result = .success(try await body(running)) } catch { result = .failure(error) }
            await client.close()
            await agent.stop(flushTime: .seconds(1))
            try await group.waitForAll()
            return try result.get()
        }
    }

    /// The store while it is there.
    var store: Store? { agent.lifecycle.store }

    /// A method's result.
    @discardableResult
    func call(_ method: String, _ parameters: JSON? = nil) async throws -> JSON {
        try await client.call(method, parameters)
    }

    /// The error that a method answers; `nil` if it answers a result.
    func failure(_ method: String, _ parameters: JSON? = nil) async throws -> RPCError? {
        do {
            _ = try await client.call(method, parameters)
            return nil
        } catch let error as RPCError {
            return error
        }
    }

    /// Asks until the part of the agent behind the method is back, as `data.retryAfter` tells clients to.
    func callWhenBack(_ method: String, _ parameters: JSON? = nil) async throws -> JSON {
        while true {
            do {
                return try await client.call(method, parameters)
            } catch let error as RPCError where error.kind == "unavailable" {
                try await agent.engine.started(Set(Readiness.parts))
            }
        }
    }

    /// Puts a task that runs a shell line, and answers what `task.put` did.
    @discardableResult
    func put(_ id: String, shell line: String, _ more: JSONObject = [:]) async throws -> JSON {
        var task: JSONObject = ["id": .string(id), "command": ["/bin/sh", "-c", .string(line)]]
        task.members += more.members
        return try await call("task.put", ["task": .object(task)])
    }

    /// Runs a task by hand, and answers the run when it has stopped.
    func runToEnd(_ task: String) async throws -> JSON {
        let run = try await call("task.run", ["task": .string(task)])
        return try await waited(run["run"]?.string ?? "")
    }

    func waited(_ run: String) async throws -> JSON {
        let answer = try await call("run.wait", ["run": .string(run), "deadline": "60s"])
        return answer["run"] ?? nil
    }
}

extension SystemClock {
    /// Tests cannot go on without one.
    fileprivate static func needed(_ clock: SystemClock?) throws -> SystemClock {
        guard let clock else { throw RPCClientError.notUnderstood("no more descriptors for a clock") }
        return clock
    }
}

extension JSON {
    /// Follows names and numbers of elements: `json[at: "run", "steps", "0", "exitCode"]`.
    subscript(at path: String...) -> JSON? {
        path.reduce(self as JSON?) { value, name in
            if let elements = value?.array {
                return Int(name).flatMap { elements.indices.contains($0) ? elements[$0] : nil }
            }
            return value?[name]
        }
    }
}

extension RunningAgent {
    /// Whom the client and the agent run as.
    var uid: UInt32 { getuid() }
}
