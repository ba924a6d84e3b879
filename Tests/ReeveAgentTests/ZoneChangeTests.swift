import Glibc
import JSON
import JSONRPC
import ReeveProtocol
import ReeveStore
import Testing
import TestSupport

@testable import ReeveAgent

/// The zone files and the host's zone change while the agent runs.
struct ZoneChangeTests {
    /// A folder of zone files, with a link to the host's.
    private struct Zones: Sendable {
        let folder: TemporaryFolder

        init() throws {
            folder = try TemporaryFolder()
            mkdir(directory, 0o755)
            try put("Mars", as: "Europe/Berlin", version: 1)
            try link("Mars")
        }

        var directory: String { folder.path + "/zoneinfo" }
        var localtime: String { folder.path + "/localtime" }

        /// As a package manager does: each file beside it and then in its place.
        func put(_ name: String, as zone: String, version: Int) throws {
            let source = try #require(fopen("/usr/share/zoneinfo/\(zone)", "re"))
            defer { fclose(source) }
            var bytes = [UInt8](repeating: 0, count: 1 << 16)
            let count = fread(&bytes, 1, bytes.count, source)
            try replace("\(directory)/\(name)", bytes.prefix(count))
            try replace("\(directory)/tzdata.zi", Array("# version \(version)\n".utf8)[...])
        }

        func link(_ name: String) throws {
            try #require(symlink("\(directory)/zoneinfo/\(name)", localtime + ".new") == 0)
            try #require(rename(localtime + ".new", localtime) == 0)
        }

        private func replace(_ path: String, _ bytes: ArraySlice<UInt8>) throws {
            let file = try #require(fopen(path + ".new", "we"))
            bytes.withUnsafeBytes { _ = fwrite($0.baseAddress, 1, $0.count, file) }
            fclose(file)
            try #require(rename(path + ".new", path) == 0)
        }
    }

    /// Waits until the task is due at another time of the day in UTC than before, and answers that.
    private func hour(of task: String, besides before: String?, _ agent: RunningAgent) async throws -> String? {
        let store = try #require(agent.store)
        for await _ in store.signals.changes(.plans) {
            let next = try await agent.call("task.get", ["task": .string(task)])["next"]?.string
            let hour = next.map { String($0.dropFirst(11).prefix(2)) }
            if hour != before, hour != nil { return hour }
        }
        return nil
    }

    @Test func `what is due is computed anew, and nothing is missed by it`() async throws {
        let zones = try Zones()
        let time = try HostTime(
            environmentTZ: nil,
            directory: zones.directory,
            configured: nil,
            host: "test",
            localtime: zones.localtime
        )
        try await RunningAgent.with(time: time) { agent in
            // No zone of its own, and one by name.
            try await agent.put("host", shell: "exit 0", ["schedule": ["cron": "30 12 15 1 *"]])
            try await agent.put("named", shell: "exit 0", ["schedule": ["cron": "30 12 15 1 *", "timeZone": "Mars"]])
            for task in ["host", "named"] { #expect(try await hour(of: task, besides: nil, agent) == "11") }
            // A new version of the files, in which Mars keeps the time of Tokyo.
            try zones.put("Mars", as: "Asia/Tokyo", version: 2)
            for task in ["host", "named"] { #expect(try await hour(of: task, besides: "11", agent) == "03") }
            // The host moves.
            try zones.put("Venus", as: "America/New_York", version: 2)
            try zones.link("Venus")
            #expect(try await hour(of: "host", besides: "03", agent) == "17")
            #expect(try await agent.call("task.get", ["task": "named"])["next"]?.string?.contains("T03:30") == true)
            #expect(try await agent.call("agent.status")["timeZone"] == "Venus")
            let report = try await agent.call("engine.report")
            #expect(report[at: "manifolds", "zones", "report", "host"] == "Venus")
            #expect(report[at: "manifolds", "store", "starts"] == 1)
            #expect(try await agent.call("run.list")["runs"] == [])
        }
    }
}
