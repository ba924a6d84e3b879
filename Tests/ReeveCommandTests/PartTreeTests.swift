import JSON
import ReeveProtocol
import Testing

@testable import reeve

struct PartTreeTests {
    private static let times = TimeText(terminal: .standardOutput, now: Timestamp(milliseconds: 600_000))

    @Test func `a part stands below the input that starts last`() throws {
        let report = try JSON(
            parsing: """
                {"state": "running", "manifolds": {
                    "processes": {"state": "started", "starts": 1, "inputs": []},
                    "store": {"state": "stopped", "starts": 3, "inputs": [], "error": "disk full", "failures": 2,
                              "errorAt": "1970-01-01T00:09:58Z", "nextTry": "1970-01-01T00:10:04Z"},
                    "submitter": {"state": "stopped", "starts": 1, "inputs": [{"name": "store", "kind": "required"}],
                                  "waitingFor": ["store"]},
                    "socket": {"state": "started", "starts": 1, "inputs": [{"name": "submitter", "kind": "live"}]}
                }}
                """
        )
        #expect(
            PartTree(report).text(Self.times, styled: false) == """
                processes     started   1 start
                store         stopped   3 starts
                │             disk full (2s ago, 2 times in a row); next try in 4s
                └─ submitter  stopped   1 start
                              waits for store
                socket        started   1 start · uses submitter

                """
        )
    }

    private static let nested = """
        {"state": "started", "manifolds": {
            "processes": {"state": "started", "starts": 1, "inputs": []},
            "services": {"state": "started", "starts": 1, "inputs": [{"name": "processes", "kind": "required"}],
                "report": {"state": "started", "manifolds": {
                    "web": {"state": "started", "starts": 2, "startedAt": "1970-01-01T00:09:00Z",
                            "error": "exit status 1", "errorAt": "1970-01-01T00:08:00Z",
                            "inputs": [{"name": "db.ready", "manifold": "db", "kind": "required"},
                                       {"name": "cache", "kind": "required"}]},
                    "db": {"state": "started", "starts": 1, "inputs": []},
                    "cache": {"state": "started", "starts": 1, "inputs": [{"name": "db", "kind": "required"}]},
                    "mail": {"state": "failed", "starts": 5, "inputs": [], "rest": "failed", "error": "no port",
                             "failures": 5}
                }}},
            "audit": {"state": "stopped", "starts": 1, "rest": "stoppedByHand",
                      "inputs": [{"name": "services", "kind": "required"}]}
        }}
        """

    @Test func `an engine inside is shown below its part, on double lines`() throws {
        #expect(
            PartTree(try JSON(parsing: Self.nested)).text(Self.times, styled: false) == """
                processes        started   1 start
                └─ services      started   1 start · 3 of 4 inside started
                   ╠═ db         started   1 start
                   ║  └─ cache   started   1 start
                   ║     └─ web  started   2 starts · for 1m0s · needs also db
                   ║             ended before: exit status 1 (2m0s ago)
                   ╠═ mail       failed    5 starts · given up
                   │             no port (5 times in a row)
                   └─ audit      stopped   1 start · stopped by hand

                """
        )
    }

    @Test func `in a pipe what is inside has both names`() throws {
        let lines = PartTree(try JSON(parsing: Self.nested)).table(Self.times).separated.split(separator: "\n")
        #expect(
            lines.map { $0.split(separator: "\t").prefix(2).joined(separator: " ") } == [
                "processes started", "services started", "services/web started", "services/db started",
                "services/cache started", "services/mail failed", "audit stopped",
            ]
        )
        #expect(lines[2] == "services/web\tstarted\t2\t1970-01-01T00:09:00Z\tservices/db,services/cache\texit status 1")
    }

    @Test func `what is wrong with the files that a part reads is shown below it, a line each`() throws {
        let report = try JSON(
            parsing: """
                {"manifolds": {
                    "store": {"state": "started", "starts": 1, "inputs": []},
                    "folders": {"state": "started", "starts": 1, "inputs": [{"name": "store", "kind": "required"}],
                               "report": {"folders": ["/d"], "problems": ["/d/a.yaml:1: bad", "/d/b.yaml:2: worse"]}}
                }}
                """
        )
        let tree = PartTree(report)
        #expect(
            tree.text(Self.times, styled: false) == """
                store       started   1 start
                └─ folders  started   1 start
                            /d/a.yaml:1: bad
                            /d/b.yaml:2: worse

                """
        )
        #expect(tree.table(Self.times).separated.hasSuffix("store\t/d/a.yaml:1: bad; /d/b.yaml:2: worse\n"))
    }

    @Test func `a long chain and a part with many needs are laid out at once`() throws {
        let count = 5000
        let members = (0..<count).map { number -> JSONObject.Member in
            let needs = (max(0, number - 3)..<number).map { need -> JSON in
                ["name": .string("p\(need)"), "kind": "required"]
            }
            return .init(name: "p\(number)", value: ["state": "started", "starts": 1, "inputs": .array(needs)])
        }
        let tree = PartTree(["manifolds": .object(JSONObject(members))])
        for number in 1..<count { #expect(tree.parts[number].parent == number - 1) }
        #expect(tree.roots == [0])
    }
}
