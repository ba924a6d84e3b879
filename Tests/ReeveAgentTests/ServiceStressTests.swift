import Glibc
import JSON
import JSONRPC
import ReeveEngine
import TestSupport
import Testing

@testable import ReeveAgent

/// Many hands at once, at random: whatever they do, what there is in the end is what was asked for last.
struct ServiceStressTests {
    private static let names = (0..<10).map { "s\($0)" }

    /// A service that may require those before it.
    private static func definition(_ index: Int, _ generator: inout SeededGenerator) -> JSON {
        let lines = [
            "exec sleep 1000", "echo up; exec sleep 1000", "exit 0", "exit 1",
            "trap 'exit 0' TERM; while :; do sleep 0.01; done",
        ]
        var service: JSONObject = ["name": .string(names[index])]
        service["command"] = ["/bin/sh", "-c", .string(lines.randomElement(using: &generator)!)]
        let required = names[..<index].filter { _ in Int.random(in: 0..<3, using: &generator) == 0 }
        service["requires"] = .array(
            required.map { name in
                let condition = ["started", "ready", "healthy", "exited"].randomElement(using: &generator)!
                return ["service": .string(name), "condition": .string(condition)]
            }
        )
        service["restart"] = [
            "policy": .string(["always", "onFailure", "never"].randomElement(using: &generator)!), "delay": "1ms",
        ]
        if Bool.random(using: &generator) { service["ready"] = ["log": "up", "timeout": "1s"] }
        if Bool.random(using: &generator) { service["probe"] = ["exec": ["/bin/true"], "interval": "20ms"] }
        return .object(service)
    }

    private static func act(_ agent: RunningAgent, _ generator: inout SeededGenerator) async throws {
        let index = Int.random(in: 0..<names.count, using: &generator)
        let name: JSON = ["service": .string(names[index])]
        do {
            switch Int.random(in: 0..<20, using: &generator) {
            case 0..<7: try await agent.call("service.put", ["service": definition(index, &generator)])
            case 7..<9: try await agent.call("service.stop", name)
            case 9..<12: try await agent.call("service.start", name)
            case 12..<15: try await agent.call("service.restart", name)
            case 15..<16: try await agent.call("service.remove", name)
            case 16..<18:
                if let pid = try await agent.call("service.get", name)["pid"]?.integer { kill(pid_t(pid), SIGKILL) }
            case 18: try await agent.call("engine.restart", ["name": "services"])
            default: try await agent.call("engine.restart", ["name": "store"])
            }
        } catch let error as RPCError where ["notFound", "unavailable", "storage"].contains(error.kind) {
            // It was removed, or a part was away: nobody has to be answered otherwise.
        }
    }

    @Test(arguments: UInt64(1)...8)
    func `in the end everything is as it was asked for, once`(seed: UInt64) async throws {
        try await RunningAgent.with { agent in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for hand in 0..<4 {
                    group.addTask {
                        var generator = SeededGenerator(seed: seed &* 100 &+ UInt64(hand))
                        for _ in 0..<40 { try await Self.act(agent, &generator) }
                    }
                }
                try await group.waitForAll()
            }
            try await agent.agent.engine.started(Set(Readiness.parts))
            let agentID = try #require(try await agent.call("agent.status")["id"]?.string)
            // One after the other, each requiring the one before it.
            for (index, name) in Self.names.enumerated() {
                var service: JSONObject = ["name": .string(name), "command": ["/bin/sh", "-c", "exec sleep 1000"]]
                if index > 0 { service["requires"] = [.string(Self.names[index - 1])] }
                _ = try await agent.callWhenBack("service.put", ["service": .object(service)])
                _ = try await agent.callWhenBack("service.start", ["service": .string(name)])
            }
            for name in Self.names {
                let wait: JSON = ["service": .string(name), "until": "ready", "deadline": "60s"]
                _ = try await agent.callWhenBack("service.wait", wait)
            }
            for name in Self.names {
                let standing = try await agent.service(name)
                let processes = try Self.processes(of: name, agentID: agentID)
                #expect(processes == [standing["pid"]?.integer], "\(name)")
                try await Self.checkLane(of: name, agent)
            }
            for name in Self.names.reversed() { try await agent.call("service.remove", ["service": .string(name)]) }
            for name in Self.names {
                let wait: JSON = ["service": .string(name), "until": "stopped", "deadline": "60s"]
                let failure = try await agent.failure("service.wait", wait)
                #expect(failure == nil || failure?.kind == "notFound")
                #expect(try Self.processes(of: name, agentID: agentID) == [])
            }
        }
    }

    /// What is told of a process begins with its start and ends with its end, and says which change was before it.
    private static func checkLane(of name: String, _ agent: RunningAgent) async throws {
        var after: JSON = 0
        var isRunning = false
        var last: JSON = ""
        var seen: [String] = []
        while true {
            let answer = try await agent.call(
                "event.list",
                ["lane": .string("service:\(name)"), "after": after, "limit": 1000]
            )
            let events = answer["events"]?.array ?? []
            guard !events.isEmpty else { break }
            for event in events {
                #expect(event["previous"] == last)
                last = event["sequence"] ?? nil
                let what = event["type"]?.string?.split(separator: ".").last ?? ""
                let isWhole = event[at: "data", "omitted"] == nil
                let state = event["data"]
                let number = state?["starts"]?.integer ?? -1
                seen.append("\(what) \(number) \(state?["status"]?.string ?? "") \(state?["cause"]?.string ?? "")")
                switch what {
                case "started":
                    #expect(!isRunning || !isWhole, "\(seen.suffix(9))")
                    isRunning = true
                case "ready", "unready", "healthy", "unhealthy":
                    #expect(isRunning || !isWhole, "\(seen.suffix(9))")
                case "exited":
                    #expect(isRunning || !isWhole, "\(seen.suffix(9))")
                    isRunning = false
                case "stopped": isRunning = false
                default: break
                }
            }
            after = answer["next"] ?? nil
        }
        #expect(isRunning, "\(seen.suffix(9))")
    }

    /// The processes that carry the service's marks.
    private static func processes(of name: String, agentID: String) throws -> [Int?] {
        let stream = try #require(opendir("/proc"))
        defer { closedir(stream) }
        var found: [Int?] = []
        while let entry = readdir(stream) {
            let text = withUnsafeBytes(of: entry.pointee.d_name) {
                String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
            }
            guard let pid = Int(text), let file = fopen("/proc/\(pid)/environ", "re") else { continue }
            defer { fclose(file) }
            var buffer = [UInt8](repeating: 0, count: 64 << 10)
            let count = fread(&buffer, 1, buffer.count, file)
            let marks = buffer[..<count].split(separator: 0).map { String(decoding: $0, as: UTF8.self) }
            // A probe of it carries one of its own.
            guard marks.contains("REEVE_AGENT=\(agentID)"), marks.contains("REEVE_SERVICE=\(name)"),
                !marks.contains(where: { $0.hasPrefix("REEVE_PROBE=") })
            else { continue }
            found.append(pid)
        }
        return found
    }
}
