import Glibc
import JSON
import JSONRPC
import Testing
import TestSupport

/// What is acknowledged is on the disk, and a disk that is full is said to be.
@Suite(.timeLimit(.minutes(5)))
struct StorageTests {
    static let canTrace = works(["strace", "-o", "/dev/null", "true"])
    static let canMount = works(["unshare", "--mount", "mount", "-t", "tmpfs", "tmpfs", "/mnt"])

    @Test(.enabled(if: canTrace, "needs strace, and to be allowed to trace"))
    func `each publish that is answered was synced by itself`() async throws {
        let estate = try Estate()
        let trace = estate.folder.path + "/trace"
        let count = 200
        // Should strace be killed, what it traces goes too.
        let wrapper = ["strace", "-f", "-e", "trace=fdatasync,fsync", "-o", trace, "setpriv", "--pdeathsig", "KILL"]
        try await estate.running(wrapped: wrapper) { daemon in
            let client = try await daemon.connect()
            let before = try syncs(in: trace)
            for number in 0..<count {
                let event: JSON = ["type": "a", "id": .string("\(number)")]
                _ = try await client.call("event.publish", ["events": [event]])
            }
            let status = try await client.call("agent.status")
            #expect(status[at: "store", "synchronous"] == "full")
            await client.close()
            kill(pid_t(try #require(status["pid"]?.integer)), SIGTERM)
            #expect(try await daemon.ended() == .exited(0))
            let after = try syncs(in: trace)
            #expect(after - before >= count)
        }
    }

    private func syncs(in trace: String) throws -> Int {
        try readFile(trace).split(separator: "\n").count { $0.contains("fdatasync(") || $0.contains("fsync(") }
    }

    @Test(.enabled(if: canMount, "needs root, to mount a small file system"))
    func `a full disk is answered as such, and when there is room again it goes on`() async throws {
        let estate = try Estate()
        let disk = estate.folder.path + "/disk"
        mkdir(disk, 0o755)
        symlink("disk/state", estate.statePath)
        // In a mount name space of its own, with a file that is in the way of the store.
        let line =
            "mount -t tmpfs -o size=16m tmpfs \(disk) && mkdir \(disk)/state && head -c 8M /dev/zero > \(disk)/ballast"
            + " && exec \"$@\""
        try await estate.running(wrapped: ["unshare", "--mount", "sh", "-c", line, "sh"]) { daemon in
            let client = try await daemon.connect()
            var acknowledged: [String] = []
            let failure = try await publishUntilFailure(client, &acknowledged)
            #expect(failure.kind == "storage" && failure.code == 9, "\(failure)")
            #expect(!acknowledged.isEmpty)
            #expect(try await client.call("agent.ping")["time"] != nil)
            #expect(unlink("/proc/\(daemon.child.pid)/root\(disk)/ballast") == 0)
            try await publish("again", client, daemon)
            acknowledged.append("again")
            #expect(try await client.call("agent.status")["pid"]?.integer == Int(daemon.child.pid))
            let events = try await client.call("event.list", ["type": "big", "limit": 1000])["events"]?.array
            #expect(events?.compactMap { $0["publisherid"]?.string } == acknowledged)
            await client.close()
            #expect(try await daemon.stopped() == .exited(0), "\(estate.log)")
        }
    }

    @Test func `near the disk budget clients are refused, by the name of who holds the journal, and runs go on`()
        async throws
    {
        try await WebhookReceiver.running(decide: { _ in .status(503) }) { receiver in
            let estate = try Estate(configuration: "store: {retention: {size: 1MiB}, disk: {budget: 4MiB}}\n")
            try await estate.running { daemon in
                let client = try await daemon.connect()
                _ = try await client.call("endpoint.put", ["endpoint": receiver.endpoint()])
                var acknowledged: [String] = []
                let failure = try await publishUntilFailure(client, &acknowledged)
                #expect(failure.kind == "limit" && failure.data?["endpoint"] == "ops", "\(failure)")
                #expect((30..<60).contains(acknowledged.count))
                let status = try await client.call("agent.status")
                #expect(status[at: "store", "journal", "heldBy"] == "ops" && status[at: "store", "budget"] == 4_194_304)
                #expect(status["degraded"]?.array?.first?["reason"]?.string?.contains("endpoint ops holds") == true)
                #expect(try await daemon.reeve("endpoint", "why", "ops").contains("events of clients are refused"))
                // What the agent itself has to write down has its own room.
                _ = try await client.call("task.put", ["task": ["id": "t", "command": ["true"]]])
                let run = try await client.call("task.run", ["task": "t"])["run"]?.string ?? ""
                #expect(try await client.call("run.wait", ["run": .string(run)])[at: "run", "outcome"] == "succeeded")
                let changes = try await client.subscribe("event.subscribe", ["type": "dev.reeve.agent.storageFreed"])
                receiver.answer { _ in .ok }
                _ = try await client.call("endpoint.put", ["endpoint": receiver.endpoint()])
                for try await message in changes {
                    if case .item(_, _) = message { break }
                }
                _ = try await client.call("event.publish", ["events": [event("again")]])
                #expect(try await daemon.call("agent.flush", ["deadline": "60s"])["delivered"] == true)
                let big = receiver.records.filter { $0.isDelivered && $0.request.type == "big" }
                #expect(big.map { $0.request.event?["publisherid"]?.string } == acknowledged + ["again"])
                #expect(receiver.records.contains { $0.request.type == "dev.reeve.agent.storageLow" && $0.isDelivered })
                await client.close()
                #expect(try await daemon.stopped() == .exited(0), "\(estate.log)")
            }
        }
    }

    private func event(_ id: String) -> JSON {
        ["type": "big", "id": .string(id), "data": .string(String(repeating: "x", count: 64 << 10))]
    }

    private func publishUntilFailure(_ client: RPCClient, _ acknowledged: inout [String]) async throws -> RPCError {
        // Far more than the disk takes.
        for number in 0..<1000 {
            do {
                _ = try await client.call("event.publish", ["events": [event("\(number)")]])
                acknowledged.append("\(number)")
            } catch let error as RPCError {
                return error
            }
        }
        throw SystemFailure("fill the disk", ENOTSUP)
    }

    /// Until it is taken: where the store is being opened anew, its end is waited for.
    private func publish(_ id: String, _ client: RPCClient, _ daemon: Daemon) async throws {
        while true {
            do {
                _ = try await client.call("event.publish", ["events": [event(id)]])
                return
            } catch let error as RPCError where error.kind == "unavailable" {
                try await daemon.ready()
            }
        }
    }
}

/// Whether a command ends well here.
private func works(_ command: [String]) -> Bool {
    guard let child = try? Child(command, output: "/dev/null") else { return false }
    return child.reap() == .exited(0)
}
