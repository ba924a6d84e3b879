import Glibc
import JSON
import TestSupport
import Testing

@testable import ReeveAgent

/// Where a script lies while it runs.
struct ScriptTests {
    @Test func `a script lies in a folder that nobody else may enter, and is gone afterwards`() async throws {
        let place = try await RunningAgent.with { agent in
            let script = "stat -c %a \"$(dirname \"$0\")\" \"$0\"; ls \"$(dirname \"$0\")\" | wc -l; echo \"$0\""
            try await agent.call("task.put", ["task": ["id": "job", "script": .string(script)]])
            let run = try await agent.runToEnd("job")
            #expect(run["outcome"] == "succeeded")
            let output = try await agent.call("run.output", ["run": "job/1"])["data"]?.string ?? ""
            let lines = output.split(separator: "\n").map(String.init)
            try #require(lines.count == 4, "\(output)")
            #expect(lines[0] == "700" && lines[2] == "1", "\(lines)")
            #expect(lines[1].hasSuffix("00"), "others may read it: \(lines)")
            return lines[3]
        }
        // It goes once the end is written down, and so at the latest before the agent ends.
        let folder = "/" + place.split(separator: "/").dropLast().joined(separator: "/")
        #expect(place.hasPrefix("/") && access(place, F_OK) != 0 && access(folder, F_OK) != 0, "\(place) is left")
    }
}
