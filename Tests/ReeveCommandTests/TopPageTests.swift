import ArgumentParser
import JSON
import ReeveProtocol
import Testing

@testable import reeve

struct TopPageTests {
    private static let start = Timestamp("2026-11-27T22:14:00Z") ?? Timestamp(milliseconds: 0)

    private func status(_ head: Int, _ endpoints: String) throws -> JSON {
        try JSON(
            parsing: """
                {"name": "web-7", "state": "running", "uptime": "4h", "counts": {"tasks": 3, "live": 1},
                 "store": {"journal": {"head": \(head)}}, "endpoints": [\(endpoints)]}
                """
        )
    }

    private func endpoint(_ name: String, delivered: Int, pending: Int) -> String {
        """
        {"name": "\(name)", "kind": "webhook", "state": "active", "pending": \(pending), "inFlight": 2, "deadLetters": 0,
         "delivered": \(delivered), "oldest": "2026-11-27T22:13:30Z", "lastAnswer": "200"}
        """
    }

    private func page(_ status: JSON, _ history: TopHistory, isTerminal: Bool) throws -> TopPage {
        let terminal = Terminal(isTerminal: isTerminal, isStyled: false, width: 200)
        let runs = try JSON(
            parsing: """
                [{"task": "backup", "number": 7, "id": "r", "status": "running", "startedAt": "2026-11-27T22:13:00Z",
                  "steps": [{"name": "dump", "status": "running"}]}]
                """
        )
        let tasks = try JSON(
            parsing: #"[{"id": "report", "next": "2026-11-27T22:24:00Z", "scheduleText": "every 1h"}]"#
        )
        return TopPage(
            status: status,
            runs: runs.array ?? [],
            tasks: tasks.array ?? [],
            services: [],
            history: history,
            times: TimeText(terminal: terminal, now: Self.start)
        )
    }

    @Test func `in a pipe each thing is a line with its kind before it`() throws {
        let status = try status(42, endpoint("ops", delivered: 40, pending: 2))
        var history = TopHistory()
        history.add(status, at: Self.start)
        #expect(
            try page(status, history, isTerminal: false).lines == """
                agent\tweb-7\trunning\t4h\t3\t1\t42
                run\tbackup/7\trunning\t2026-11-27T22:13:00Z
                due\treport\t2026-11-27T22:24:00Z
                endpoint\tops\tactive\t2\t2\t0\t40\t2026-11-27T22:13:30Z\t200

                """
        )
    }

    @Test func `what was delivered and recorded is shown by the second, with a chart`() throws {
        var history = TopHistory()
        var last: JSON = nil
        for (second, (delivered, pending)) in [(0, 0), (10, 40), (30, 80), (30, 0)].enumerated() {
            last = try status(100 * second, endpoint("ops", delivered: delivered, pending: pending))
            history.add(last, at: Self.start + .seconds(Int64(2 * second)))
        }
        #expect(history.recorded.values == [50, 50, 50])
        #expect(history.delivered["ops"]?.values == [5, 10, 0])
        #expect(history.pending["ops"]?.values == [0, 40, 80, 0])
        let text = try page(last, history, isTerminal: true).text(
            Terminal(isTerminal: true, isStyled: false, width: 200)
        )
        #expect(text.hasPrefix("web-7 · running · up 4h · 3 tasks, 1 running · 50 changes/s "))
        #expect(text.contains("▁▅█▁"))
        #expect(text.contains("▅█▁"))
        #expect(text.contains("backup/7") && text.contains("dump") && text.contains("in 10m0s"))
    }

    @Test func `counts that begin anew are no negative rate`() throws {
        var history = TopHistory()
        history.add(try status(5, endpoint("ops", delivered: 100, pending: 0)), at: Self.start)
        history.add(try status(5, endpoint("ops", delivered: 4, pending: 0)), at: Self.start + .seconds(2))
        #expect(history.delivered["ops"]?.values == [2] && history.recorded.values == [0])
        // One that is gone is forgotten.
        history.add(try status(5, ""), at: Self.start + .seconds(4))
        #expect(history.delivered.isEmpty && history.pending.isEmpty)
    }

    @Test func `no more is kept than is shown, and a chart fits its width`() throws {
        var series = TopHistory.Series()
        for number in 0..<1000 { series.add(Double(number)) }
        #expect(series.values.count == TopHistory.length && series.values.last == 999)
        #expect(Sparkline.text(series.values, width: 8).count == 8)
        #expect(Sparkline.text([1], width: 4) == "   █" && Sparkline.text([0, 0], width: 2) == "▁▁")
    }
}

/// What `reeve endpoint add` makes of its options.
struct EndpointAddTests {
    private func definition(_ arguments: String...) throws -> JSON {
        .object(try EndpointAdd.parse(arguments).definition())
    }

    @Test func `each kind has its options`() throws {
        #expect(
            try definition("log", "--to-file", "/x", "--rotate", "1MiB", "--keep", "3")
                == ["name": "log", "kind": "file", "path": "/x", "rotate": ["size": "1MiB", "keep": 3]]
        )
        #expect(
            try definition("mail", "--command", "--text", "--", "mail", "-s", "reeve", "root")
                == ["name": "mail", "kind": "command", "command": ["mail", "-s", "reeve", "root"], "format": "text"]
        )
        #expect(
            try definition("work", "--queue", "--type", "order.*")
                == ["name": "work", "kind": "queue", "filter": ["types": ["order.*"]]]
        )
        #expect(
            try definition("chat", "https://h/x", "--slack", "--only", "ends")
                == [
                    "name": "chat", "kind": "webhook", "url": "https://h/x",
                    "filter": ["types": ["dev.reeve.run.*"], "final": true], "format": "text", "tail": true,
                ]
        )
        #expect(
            try definition("chat", "https://h/x", "--generate-secret", "--ed25519")["secret"] == ["generate": "ed25519"]
        )
    }

    @Test func `failures are what a person has to look at`() throws {
        let filter = try definition("a", "https://h/", "--only", "failures")["filter"]
        let types = filter?["types"]?.array?.compactMap(\.string) ?? []
        #expect(types.contains("dev.reeve.run.failed") && types.contains("dev.reeve.service.failed"))
        #expect(!types.contains("dev.reeve.run.succeeded"))
    }

    @Test(arguments: [
        ["a"], ["a", "https://h/", "--queue"], ["a", "--command"], ["a", "https://h/", "--", "x"],
        ["a", "https://h/", "--text", "--slack"], ["a", "https://h/", "--ed25519"], ["a", "--queue", "--keep", "3"],
        ["a", "https://h/", "--only", "nothing"],
    ])
    func `what does not go together is a mistake of usage`(arguments: [String]) {
        #expect(throws: (any Error).self) { _ = try EndpointAdd.parse(arguments) }
    }
}
