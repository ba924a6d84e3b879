import JSON
import JSONRPC
import ReeveProtocol
import ReeveStore
import TestSupport
import Testing

@testable import ReeveAgent

/// `task.why`, `run.why` and `schedule.timeline` of a running agent.
struct WhyTests {
    private static func why(_ agent: RunningAgent, task: String) async throws -> JSON {
        try await agent.call("task.why", ["task": .string(task)])
    }

    private static func why(_ agent: RunningAgent, run: String) async throws -> JSON {
        try await agent.call("run.why", ["run": .string(run)])
    }

    @Test func `a run that waits for a service says so, through all that the service waits for`() async throws {
        try await RunningAgent.with { agent in
            try await agent.putService("web", shell: "exec sleep 1000", ["requires": ["db"]])
            try await agent.put("job", shell: "exit 0", ["requires": ["web"]])
            let run = try await agent.call("task.run", ["task": "job"])["run"]
            let task = try await Self.why(agent, task: "job")
            let reasons: [JSON] = ["job/1 waits for web to be ready", "web waits for db to be ready"]
            #expect(task["status"] == "waiting" && task["summary"] == reasons[0])
            #expect(task["reasons"]?.array?.prefix(3) == (reasons + ["there is no service db"])[...])
            #expect(task["waitingFor"] == [["what": "web to be ready", "service": "web", "condition": "ready"]])
            let waiting = try await Self.why(agent, run: "job/-1")
            #expect(waiting["run"] == run && waiting["status"] == "pending" && waiting["ahead"] == 0)
            #expect(waiting["reasons"]?.array?.prefix(2) == reasons[...])
            try await agent.putService("db", shell: "exec sleep 1000")
            #expect(try await agent.waited("job/1")["outcome"] == "succeeded")
            let ended = try await Self.why(agent, run: "job/1")
            #expect(ended["outcome"] == "succeeded" && ended["waitingFor"] == [] && ended["ahead"] == nil)
            #expect(try await Self.why(agent, task: "job")["status"] == "byHand")
        }
    }

    @Test func `what runs is told, and what waits for its place or for it to end`() async throws {
        try await RunningAgent.with({ $0.concurrency = 1 }) { agent in
            let started = try Fifo(agent.folder.path + "/started")
            let fifo = try Fifo(agent.folder.path + "/wait")
            let line = "echo > \(started.path); read line < \(fifo.path); exit 127"
            try await agent.put("first", shell: line, ["overlap": "queue", "timeout": "1h"])
            try await agent.put("second", shell: "exit 0")
            for name in ["first", "second", "first"] { try await agent.call("task.run", ["task": .string(name)]) }
            _ = try await started.line()
            let running = try await agent.waitedUntilRunning("first/1")
            let first = try await Self.why(agent, task: "first")
            #expect(first["status"] == "running" && first["running"] == [running])
            #expect(first["summary"]?.string?.hasPrefix("first/1 has run for ") == true)
            let life = try await Self.why(agent, run: "first/1")["reasons"]?.array?.compactMap(\.string) ?? []
            #expect(life.contains { $0.hasPrefix("its process is ") })
            #expect(life.contains { $0.hasSuffix(", when the run's timeout of 1h is over") })
            #expect(
                try await Self.why(agent, task: "second")["summary"]
                    == "second/1 waits for a free place: one run is going, no more than one may at once"
            )
            let queued = try await Self.why(agent, run: "first/2")
            #expect(
                queued["summary"]?.string?.hasPrefix("first/2 waits for first/1 to end, which has run for ") == true
            )
            #expect(queued[at: "reasons", "1"]?.string?.hasSuffix(" at once, and 1 waits before it") == true)
            #expect(queued[at: "waitingFor", "0", "run"] == running && queued["ahead"] == 1)
            try await fifo.write()
            _ = try await agent.waited("first/1")
            _ = try await agent.waited("second/1")
            #expect(
                try await Self.why(agent, run: "first/1")[at: "reasons", "1"]
                    == "127 from a shell: there is no such command"
            )
            _ = try await started.line()
            try await fifo.write()
            _ = try await agent.waited("first/2")
            let last = try await Self.why(agent, task: "first")["reasons"]?.array?.compactMap(\.string) ?? []
            #expect(last.first == "first has no schedule: it runs only when it is asked to")
            #expect(last.dropFirst().first?.hasPrefix("first/2 failed ") == true)
        }
    }

    @Test func `a task that is due, paused, removed or unknown says that`() async throws {
        try await RunningAgent.with { agent in
            let schedule: JSON = ["cron": "0 3 1 1 *", "timeZone": "Europe/Berlin"]
            try await agent.put("yearly", shell: "exit 0", ["schedule": schedule])
            try await agent.planned("yearly")
            let due = try await agent.call("task.why", ["task": "yearly", "timeZone": "Asia/Tokyo"])
            #expect(due["status"] == "scheduled" && due["next"]?.string?.hasSuffix("-01-01T02:00:00.000Z") == true)
            #expect(due["nextLocal"]?.string?.hasSuffix("-01-01T11:00:00+09:00") == true)
            #expect(due["summary"]?.string?.hasSuffix("-01-01 03:00 +01:00 (Europe/Berlin)") == true)
            try await agent.call("task.pause", ["task": "yearly", "for": "2h", "reason": "not now"])
            let paused = try await Self.why(agent, task: "yearly")
            #expect(paused["status"] == "paused" && paused[at: "paused", "reason"] == "not now")
            #expect(paused["summary"]?.string?.hasSuffix(": not now") == true)
            #expect(paused[at: "reasons", "1"]?.string?.hasSuffix(", when the pause is over") == true)
            try await agent.call("task.remove", ["task": "yearly"])
            let removed = try await Self.why(agent, task: "yearly")
            #expect(removed["status"] == "removed" && removed["next"] == .null)
            #expect(
                removed["summary"]?.string?.hasPrefix("there is no task yearly any more: uid:\(agent.uid) removed it ")
                    == true
            )
            try await agent.put("daily", shell: "exit 0")
            let unknown = try await agent.failure("task.why", ["task": "dayly"])
            #expect(unknown?.kind == "notFound" && unknown?.data?["hint"] == "did you mean \"daily\"?")
            #expect(try await agent.failure("run.why", ["run": "daily/-1"])?.kind == "notFound")
        }
    }

    @Test func `what became of the last slot is told where that did not run`() async throws {
        let clock = ManualWallClock()
        try await RunningAgent.with(wallClock: clock) { agent in
            let fifo = try Fifo(agent.folder.path + "/wait")
            try await agent.put("job", shell: "read line < \(fifo.path)", ["schedule": ["rate": "1h"]])
            clock.advance(by: .hours(1))
            try await agent.told("dev.reeve.run.running", of: "job")
            clock.advance(by: .hours(1))
            try await agent.told("dev.reeve.run.skipped", of: "job")
            let why = try await Self.why(agent, task: "job")
            #expect(why["status"] == "running")
            let reasons = why["reasons"]?.array?.compactMap(\.string) ?? []
            #expect(
                reasons.contains { $0.contains(" did not run: job/") && $0.contains(" was skipped ") },
                "\(reasons)"
            )
            try await agent.call("task.remove", ["task": "job"])
            try await fifo.write()
        }
    }

    // MARK: The timeline

    @Test func `a timeline counts what is due in each part, the earliest first`() async throws {
        try await RunningAgent.with { agent in
            let now = try await agent.call("agent.ping")["time"]?.string.flatMap { Timestamp($0) }
            let from = (try #require(now) + .hours(13)).description
            try await agent.put("often", shell: "exit 0", ["schedule": ["cron": "* * * * * *", "from": .string(from)]])
            try await agent.put(
                "hourly",
                shell: "exit 0",
                ["schedule": ["cron": "*/30 * * * *", "from": .string(from)]]
            )
            try await agent.put("later", shell: "exit 0", ["schedule": ["rate": "2d"]])
            try await agent.put("byHand", shell: "exit 0")
            try await agent.call("task.pause", ["task": "hourly"])
            let day = try await agent.call("schedule.timeline", ["cells": 2, "times": 3])
            let rows = day["tasks"]?.array ?? []
            #expect(rows.map { $0["task"] } == ["often", "hourly"] && day["more"] == false)
            let often = try #require(rows.first)
            #expect(often[at: "counts", "0"] == 0)
            #expect((39_590...39_660).contains(often["count"]?.integer ?? 0))
            #expect(often["times"]?.array?.count == 3 && often[at: "times", "0"] == often["next"])
            #expect([22, 23].contains(rows[1][at: "counts", "1"]?.integer) && rows[1]["paused"] != nil)
            #expect(day["scale"]?.array?.count == 3 && day[at: "scale", "0", "time"] == day["from"])

            let named = try await agent.call("schedule.timeline", ["tasks": ["byHand", "later"], "cells": 1])
            #expect(named["tasks"]?.array?.map { $0["task"] } == ["later", "byHand"])
            #expect(named["tasks"]?.array?.map { $0["count"] } == [0, 0])
            #expect(named[at: "tasks", "1", "scheduleText"] == "by hand")
            let one = try await agent.call("schedule.timeline", ["limit": 1, "for": "3d", "timeZone": "Asia/Tokyo"])
            #expect(one["tasks"]?.array?.count == 1 && one["more"] == true)
            #expect(one[at: "scale", "0", "local"]?.string?.hasSuffix("+09:00") == true)
        }
    }

    @Test(
        arguments: [
            (["for": "0s"], "/for"), (["for": "400d"], "/for"), (["cells": 0], "/cells"), (["cells": 1001], "/cells"),
            (["times": 1001], "/times"), (["tasks": ["houly"]], "/task"), (["limit": 0], "/limit"),
            (["timeZone": "Mars"], "/timeZone"),
        ] as [(JSON, String)]
    )
    func `what cannot be shown is refused by its place`(parameters: JSON, path: String) async throws {
        try await RunningAgent.with { agent in
            try await agent.put("hourly", shell: "exit 0", ["schedule": ["cron": "@hourly"]])
            let failure = try await agent.failure("schedule.timeline", parameters)
            #expect(failure?.data?["path"]?.string == path)
            if path == "/task" { #expect(failure?.data?["hint"] == "did you mean \"hourly\"?") }
        }
    }
}

extension RunningAgent {
    /// Waits until the run's process runs, and answers the run's id.
    fileprivate func waitedUntilRunning(_ run: String) async throws -> JSON {
        var after: JSON = 0
        while true {
            let view = try await call("run.get", ["run": .string(run)])["run"]
            if view?["status"] == "running", let id = view?["id"] { return id }
            after = try await call("event.list", ["after": after, "wait": "60s"])["next"] ?? 0
        }
    }

    /// Waits until the scheduler has planned the task.
    fileprivate func planned(_ task: String) async throws {
        guard let store else { return }
        for await _ in store.signals.changes(.plans) {
            if try await store.read({ try $0.task(task)?.isPlanned }) == true { return }
        }
    }
}
