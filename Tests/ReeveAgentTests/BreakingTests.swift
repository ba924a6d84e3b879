import Glibc
import JSON
import JSONRPC
import ReeveEngine
import ReeveProtocol
import TestSupport
import Testing

@testable import ReeveAgent
@testable import ReeveStore

/// Parts of a running agent fail: the others do what the graph says, no user's process ends, and nothing that was
/// acknowledged is lost.
struct BreakingTests {
    /// A run whose process waits until it is let go on, and a service.
    private struct WaitingWork {
        let pid: String
        /// Of a service that runs beside it.
        let service: Int
        let wait: Fifo

        init(_ agent: RunningAgent) async throws {
            let started = try Fifo(agent.folder.path + "/started")
            wait = try Fifo(agent.folder.path + "/wait")
            try await agent.put("job", shell: "echo $$ > \(started.path); read line < \(wait.path); echo $line")
            try await agent.call("task.run", ["task": "job"])
            pid = try await started.line()
            try await agent.putService("web", shell: "exec sleep 1000")
            service = try #require(try await agent.reached("web")["pid"]?.integer)
            try await agent.told("dev.reeve.run.running", of: "job")
        }

        var isAlive: Bool { kill(pid_t(pid) ?? 0, 0) == 0 && kill(pid_t(service), 0) == 0 }

        /// Lets it end, and expects that it was the same process all the time.
        func finish(_ client: RPCClient) async throws {
            #expect(isAlive)
            let run = try await client.call("run.get", ["run": "job/1"])
            #expect(run[at: "run", "status"] == "running")
            try await wait.write("still here")
            let ended = try await client.call("run.wait", ["run": "job/1", "deadline": "60s"])
            #expect(ended[at: "run", "outcome"] == "succeeded")
            #expect(ended[at: "run", "steps", "0", "pid"]?.integer.map(String.init) == pid)
            #expect(try await client.call("run.output", ["run": "job/1"])["data"] == "still here\n")
            let web = try await client.call("service.get", ["service": "web"])
            #expect(web["pid"]?.integer == service && web["status"] == "running" && web["starts"] == 1)
        }
    }

    @Test func `the store fails in a COMMIT and cannot be opened: the rest waits for it, and goes on with it`()
        async throws
    {
        let clock = ManualClock()
        try await RunningAgent.with(clock: clock) { agent in
            let engine = agent.agent.engine
            let run = try await WaitingWork(agent)
            let acknowledged = try await agent.publish(1...3)
            let dependents = ["scheduler", "runner", "submitter", "housekeeper"]

            let store = try #require(agent.store)
            try await store.write { try $0.makeTrap() }
            await #expect(throws: StoreError.self) { try await store.write { try $0.stepIntoTrap() } }
            try await engine.stopped(Set(dependents + ["store"]))
            var report = try await agent.call("engine.report")
            let failed = report[at: "manifolds", "store"]
            #expect(failed?["state"] == "stopped" && failed?["error"]?.string?.contains("FOREIGN KEY") == true)
            #expect(failed?["errorAt"] != nil && failed?["nextTry"] != nil)
            for name in dependents {
                #expect(report[at: "manifolds", name, "state"] == "stopped")
                #expect(report[at: "manifolds", name, "waitingFor"] == ["store"])
                #expect(report[at: "manifolds", name, "inputs", "0", "present"] == false)
            }
            for name in ["processes", "services", "socket"] {
                #expect(report[at: "manifolds", name, "state"] == "started")
                #expect(report[at: "manifolds", name, "starts"] == 1)
            }
            try await expectAway(agent, "store")
            let status = try await agent.call("agent.status")
            #expect(status["ready"] == false && status[at: "degraded", "0", "part"] == "store")
            #expect(run.isAlive)

            // Its file is not to be had either, at the next try.
            let file = agent.folder.path + "/state/reeve.db"
            #expect(rename(file, file + ".away") == 0 && mkdir(file, 0o700) == 0)
            try await engine.passing(clock) { $0.isWaiting("store", failures: 2) }
            report = try await agent.call("engine.report")
            #expect(report[at: "manifolds", "store", "error"]?.string?.contains("directory") == true)
            #expect(report[at: "manifolds", "store", "starts"] == 1)
            try await expectAway(agent, "store")

            #expect(rmdir(file) == 0 && rename(file + ".away", file) == 0)
            try await engine.passing(clock) { $0.areStarted(Readiness.parts) }
            report = try await agent.call("engine.report")
            for name in dependents { #expect(report[at: "manifolds", name, "starts"] == 2) }
            try await run.finish(agent.client)
            let later = try await agent.publish(4...5)
            #expect(try await agent.published() == acknowledged + later)
        }
    }

    @Test func `the submitter fails: all but it goes on, and what was published meanwhile is delivered after`()
        async throws
    {
        let clock = ManualClock()
        try await WebhookReceiver.running { receiver in
            try await RunningAgent.with(clock: clock) { agent in
                let engine = agent.agent.engine
                let endpoint: JSON = ["name": "ops", "kind": "webhook", "url": .string(receiver.url)]
                try await agent.call("endpoint.put", ["endpoint": endpoint])
                let run = try await WaitingWork(agent)
                let before = try await agent.publish(1...2)

                // A row that it cannot read.
                let store = try #require(agent.store)
                try await store.write { try $0.setEndpoints(damaged: true) }
                try await engine.stopped(["submitter"])
                let report = try await agent.call("engine.report")
                #expect(report[at: "manifolds", "submitter", "error"] != nil)
                #expect(report[at: "manifolds", "submitter", "nextTry"] != nil)
                for name in ["processes", "store", "scheduler", "runner", "services", "housekeeper", "socket"] {
                    #expect(report[at: "manifolds", name, "state"] == "started")
                    #expect(report[at: "manifolds", name, "starts"] == 1)
                }
                let failure = try #require(try await agent.failure("agent.flush"))
                #expect(failure.kind == "unavailable" && failure.data?["part"] == "submitter")
                #expect(failure.data?["retryAfter"] == "1s")
                let meanwhile = try await agent.publish(3...4)

                try await store.write { try $0.setEndpoints(damaged: false) }
                try await engine.passing(clock) { $0.areStarted(Readiness.parts) }
                try await run.finish(agent.client)
                #expect(try await agent.call("agent.flush", ["deadline": "60s"])["delivered"] == true)
                #expect(try await agent.published() == before + meanwhile)
                let check = WebhookReceiver.Check(receiver.records, .mayRepeatDelivered)
                #expect(check.problems == [])
                #expect(check.lanes["event:s"]?.count == 4)
            }
        }
    }

    @Test func `the socket fails: the rest goes on, and clients come back when it can listen again`() async throws {
        let clock = ManualClock()
        try await RunningAgent.with(clock: clock) { agent in
            let engine = agent.agent.engine
            let run = try await WaitingWork(agent)
            let acknowledged = try await agent.publish(1...2)

            // What it listens on is gone, as after a descriptor was closed twice; it finds out at its next start.
            let nothing = open("/dev/null", O_RDWR | O_CLOEXEC)
            let whole = fcntl(agent.socket.descriptor, F_DUPFD_CLOEXEC, 0)
            #expect(dup2(nothing, agent.socket.descriptor) >= 0)
            try await agent.call("engine.restart", ["name": "socket"])
            try await engine.passing(clock) { $0.isWaiting("socket", failures: 2) }
            let report = engine.snapshot()
            let failed = try #require(report["socket"])
            #expect(failed.state == .stopped && failed.error != nil && failed.retryIn != nil)
            for manifold in report.manifolds where manifold.name != "socket" {
                #expect(manifold.state == .started && manifold.starts == 1)
            }
            #expect(run.isAlive)
            await #expect(throws: RPCClientError.self) { try await agent.call("agent.ping") }

            #expect(dup2(whole, agent.socket.descriptor) >= 0)
            for descriptor in [nothing, whole] { close(descriptor) }
            try await engine.passing(clock) { $0.areStarted(Readiness.parts) }
            let client = try await RPCClient.connect(unixSocket: agent.socketPath)
            try await run.finish(client)
            let listed = try await client.call("event.list", ["lane": "event:s"])["events"]?.array
            #expect(listed?.map { $0["id"] } == acknowledged)
            await client.close()
        }
    }

    private func expectAway(_ agent: RunningAgent, _ part: String) async throws {
        try await agent.call("agent.ping")
        let requests: [(String, JSON)] = [
            ("event.publish", ["events": [["type": "a"]]]), ("task.list", [:]), ("run.get", ["run": "job/1"]),
        ]
        for (method, parameters) in requests {
            let failure = try #require(try await agent.failure(method, parameters))
            #expect(failure.kind == "unavailable" && failure.code == 5)
            #expect(failure.data?["part"] == .string(part))
            #expect(failure.data?["retryAfter"] == "1s")
        }
    }
}

extension RunningAgent {
    /// Publishes events of those numbers; answers the ids that were acknowledged.
    fileprivate func publish(_ numbers: ClosedRange<Int>) async throws -> [JSON?] {
        var ids: [JSON?] = []
        for number in numbers {
            let event: JSON = ["type": "a", "subject": "s", "id": .string("\(number)")]
            ids.append(try await call("event.publish", ["events": [event]])[at: "events", "0", "id"])
        }
        return ids
    }

    fileprivate func published() async throws -> [JSON?] {
        try await call("event.list", ["lane": "event:s", "limit": 1000])["events"]?.array?.map { $0["id"] } ?? []
    }
}

extension EngineReport {
    /// Whether a part has failed so often in a row, or more often, and waits for its next try.
    fileprivate func isWaiting(_ part: String, failures: Int) -> Bool {
        self[part].map { $0.failures >= failures && $0.retryIn != nil } ?? false
    }
}

extension Engine {
    /// Lets the clock go on until the report is as wanted.
    fileprivate func passing(_ clock: ManualClock, until isWanted: (EngineReport) -> Bool) async throws {
        while !isWanted(snapshot()) {
            clock.advance(by: .milliseconds(100))
            try await answered()
        }
    }
}

extension Transaction {
    /// Rows that SQLite refuses only when all is to be committed, as a disk does.
    fileprivate func makeTrap() throws {
        try database.run("CREATE TABLE parent (id INTEGER PRIMARY KEY)")
        try database.run("CREATE TABLE child (id INTEGER REFERENCES parent DEFERRABLE INITIALLY DEFERRED)")
    }

    fileprivate func stepIntoTrap() throws {
        try database.run("INSERT INTO child VALUES (1)")
    }

    /// Makes what the endpoints are defined as unreadable, and readable again.
    fileprivate func setEndpoints(damaged: Bool) throws {
        try database.run("UPDATE endpoints SET definition = \(damaged ? "'#' || definition" : "substr(definition, 2)")")
        tell(.endpoints)
    }
}
