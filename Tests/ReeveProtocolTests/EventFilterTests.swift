import JSON
import ReeveProtocol
import Testing

/// Which changes an endpoint takes.
struct EventFilterTests {
    private func change(
        _ type: String,
        lane: Lane = .task("backup"),
        data: JSON? = ["run": "r1"]
    ) -> StateChange {
        StateChange(
            sequence: 1,
            id: "a",
            lane: lane,
            previous: nil,
            content: StateChange.Content(
                type: type,
                subject: nil,
                time: Timestamp(milliseconds: 0),
                summary: "",
                data: data
            )
        )
    }

    private func takes(_ filter: String, _ change: StateChange) throws -> Bool {
        let json = try JSON(parsing: Array(filter.utf8))
        return try JSONCoder.decode(EventFilter.self, from: json, unknownFields: .reject).takes(change)
    }

    @Test(arguments: [
        ("order.paid", "order.paid", true), ("order.paid", "order.pai", false), ("order.*", "order.paid", true),
        ("order.*", "order.", true), ("order.*", "orders", false), ("*", "", true), ("*", "x", true),
        ("*.failed", "dev.reeve.run.failed", true), ("*.failed", "failed", false),
        ("dev.*.run.*", "dev.reeve.run.lost", true), ("dev.*.run.*", "dev.reeve.task.run", false),
        ("a*a", "a", false), ("a*a", "aa", true), ("a*b*c", "axxbyyc", true), ("a*b*c", "acb", false),
        ("a**c", "abc", true), ("*ab*ab*", "abab", true), ("*ab*ab*", "abxa", false), ("é*", "école", true),
    ])
    func `stars stand for any characters`(pattern: String, type: String, isTaken: Bool) throws {
        #expect(try takes("{\"types\": [\"x\", \"\(pattern)\"]}", change(type)) == isTaken)
        #expect(try takes("{\"lanes\": [\"\(pattern)\"]}", change("t", lane: Lane(name: type))) == isTaken)
    }

    @Test func `a pattern of many stars takes no long time`() throws {
        let pattern = String(repeating: "a*", count: 500)
        let text = String(repeating: "a", count: 100_000) + "b"
        #expect(try takes("{\"types\": [\"\(pattern)c\"]}", change(text)) == false)
        #expect(try takes("{\"types\": [\"\(pattern)\"]}", change(text)) == true)
    }

    @Test func `labels, outcomes, what has changed and what is final are told from the change alone`() throws {
        let failed = change(
            "dev.reeve.run.failed",
            data: ["run": "r1", "outcome": "failed", "previousOutcome": "failed", "labels": ["team": "data"]]
        )
        let recovered = change(
            "dev.reeve.run.succeeded",
            data: ["run": "r1", "outcome": "succeeded", "previousOutcome": "failed"]
        )
        let first = change("dev.reeve.run.failed", data: ["run": "r1", "outcome": "failed"])
        let running = change("dev.reeve.run.running")
        let event = change("order.paid", lane: .event("17"), data: nil)
        func taken(_ filter: String) throws -> [Bool] {
            try [failed, recovered, first, running, event].map { try takes(filter, $0) }
        }
        #expect(try taken("{}") == [true, true, true, true, true])
        #expect(try taken(#"{"labels": {"team": "data"}}"#) == [true, false, false, false, false])
        #expect(try taken(#"{"labels": {"team": "web"}}"#) == [false, false, false, false, false])
        #expect(try taken(#"{"outcomes": ["failed", "lost"]}"#) == [true, false, true, false, false])
        #expect(try taken(#"{"changedOnly": true}"#) == [false, true, true, false, false])
        #expect(try taken(#"{"final": true}"#) == [true, true, true, false, true])
        #expect(
            try taken(#"{"final": true, "changedOnly": true, "outcomes": ["succeeded"]}"#) == [
                false, true, false, false, false,
            ]
        )
    }
}
