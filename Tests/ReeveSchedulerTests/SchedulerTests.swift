import ReeveProtocol
import ReeveStore
import TestSupport
import Testing

@testable import ReeveScheduler

/// The scheduler on a real store and a clock that the test moves.
@Suite(.timeLimit(.minutes(5))) struct SchedulerTests {
    @Test func `a task that is put starts at its time, not before`() async throws {
        try await withBench { bench in
            let due = bench.start + .hours(1)
            try await bench.put("hourly", .cron("0 * * * *"))
            try await bench.scheduler(until: due) {
                bench.clock.manual.advance(by: .hours(1) - .milliseconds(1))
                #expect(bench.clock.manual.waiting == 1)
                let early = try await bench.runs()
                #expect(early.isEmpty)
                await bench.waits(until: due + .hours(1)) { bench.clock.manual.advance(by: .milliseconds(1)) }
            }
            let runs = try await bench.runs()
            #expect(runs.map(\.due) == [due])
            #expect(runs.map(\.trigger) == [.schedule])
            #expect(runs.map(\.status) == [.pending])
        }
    }

    @Test func `a task put while it waits is taken at once`() async throws {
        try await withBench { bench in
            try await bench.scheduler(until: nil) {
                try await bench.waits(until: bench.start + .minutes(5)) {
                    try await bench.put("soon", .rate(.minutes(5)))
                }
                try await bench.waits(until: bench.start + .minutes(1)) {
                    try await bench.put("sooner", .rate(.minutes(1)))
                }
            }
        }
    }

    @Test func `a wake-up before the time starts nothing`() async throws {
        try await withBench { bench in
            let due = bench.start + .hours(1)
            try await bench.put("hourly", .cron("0 * * * *"))
            try await bench.scheduler(until: due) {
                await bench.waits(until: due) { bench.clock.manual.set(to: due - .milliseconds(1)) }
                let early = try await bench.runs()
                #expect(early.isEmpty)
            }
        }
    }

    @Test func `a slot that was waited for is no catch-up, also if the clock was set back since the start`()
        async throws
    {
        try await withBench { bench in
            let clock = bench.clock.manual
            try await bench.put("hourly", .cron("0 * * * *"))
            try await bench.scheduler(until: bench.start + .hours(1)) {
                await bench.waits(until: bench.start + .hours(2)) { clock.advance(by: .hours(1) + .seconds(1)) }
            }
            clock.set(to: bench.start + .minutes(90))
            try await bench.scheduler(until: bench.start + .hours(2)) {
                await bench.waits(until: bench.start + .hours(2)) { clock.set(to: bench.start) }
                try await bench.waits(until: bench.start + .minutes(30)) {
                    try await bench.put("half", .at("2026-11-21T03:30:00Z"))
                }
                await bench.waits(until: bench.start + .hours(2)) { clock.advance(by: .minutes(30)) }
            }
            #expect(try await bench.runs("hourly").map(\.trigger) == [.schedule])
            #expect(try await bench.runs("half").map(\.trigger) == [.schedule])
        }
    }

    @Test func `a schedule that ends is completed with its last slot, and told so once`() async throws {
        try await withBench { bench in
            var schedule = ScheduleDefinition(.cron("0 * * * *"))
            schedule.until = (bench.start + .hours(2)).description
            try await bench.put("twice", schedule)
            try await bench.scheduler(until: bench.start + .hours(1)) {
                await bench.waits(until: bench.start + .hours(2)) { bench.clock.manual.advance(by: .hours(1)) }
                await bench.waits(until: nil) { bench.clock.manual.advance(by: .hours(1)) }
            }
            #expect(try await bench.runs().map(\.due) == [bench.start + .hours(1), bench.start + .hours(2)])
            #expect(try await bench.task("twice").completed)
            let changes = try await bench.changes("twice")
            #expect(changes == ["task.created", "run.pending", "run.pending", "task.completed"])
        }
    }

    @Test func `a schedule ends with its last run, also over a restart and a change of something else`() async throws {
        try await withBench { bench in
            var schedule = ScheduleDefinition(.cron("0 * * * *"))
            schedule.maxRuns = 3
            try await bench.put("thrice", schedule)
            try await bench.scheduler(until: bench.start + .hours(1)) {
                await bench.waits(until: bench.start + .hours(2)) { bench.clock.manual.advance(by: .hours(1)) }
            }
            try await bench.put("thrice", schedule, description: "another word")
            try await bench.scheduler(until: bench.start + .hours(2)) {
                await bench.waits(until: bench.start + .hours(3)) { bench.clock.manual.advance(by: .hours(1)) }
                await bench.waits(until: nil) { bench.clock.manual.advance(by: .hours(1)) }
            }
            #expect(try await bench.runs().map(\.due) == (1...3).map { bench.start + .hours($0) })
            #expect(try await bench.task("thrice").completed)
            // Another schedule counts anew.
            schedule.maxRuns = 1
            try await bench.put("thrice", schedule)
            try await bench.scheduler(until: bench.start + .hours(4)) {
                await bench.waits(until: nil) { bench.clock.manual.advance(by: .hours(1)) }
            }
            #expect(try await bench.runs().count == 4)
        }
    }

    @Test
    func `with a clock that is not set what is due by it waits, and what passed meanwhile is not told slot by slot`()
        async throws
    {
        try await withBench { bench in
            let right = bench.start
            try await bench.put("daily", .cron("30 3 * * *"))
            try await bench.scheduler(until: right + .minutes(30))
            // The host starts again, in 1970.
            bench.clock.manual.set(to: Timestamp(seconds: 60))
            let earliest = Timestamp(seconds: 1_700_000_000)
            try await bench.put("new", .cron("0 * * * *"))
            try await bench.put("now", .once)
            try await bench.put("boot", .everyBoot)
            try await bench.scheduler(boot: "boot-2", until: earliest) {
                await bench.waits(until: earliest) { bench.clock.manual.set(to: Timestamp(seconds: 120)) }
                let early = try await bench.runs()
                #expect(early.isEmpty)
                await bench.waits(until: right + .hours(2)) { bench.clock.manual.set(to: right + .hours(1)) }
            }
            // The daily one is half an hour late, the new one has no slot before now.
            let runs = try await bench.runs()
            #expect(runs.map(\.task).sorted() == ["daily", "now"])
            #expect(runs.first { $0.task == "daily" }?.trigger == .catchUp)
            #expect(runs.allSatisfy { $0.outcome == nil && $0.covers == nil })
        }
    }

    @Test func `a change of the zones takes nothing that is due already, or that comes once`() async throws {
        try await withBench { bench in
            // Due at 04:00, put off by its jitter.
            var jittered = ScheduleDefinition(.cron("0 4 * * *"))
            jittered.jitter = JitterDefinition(.minutes(50))
            try await bench.put("jittered", jittered)
            try await bench.put("single", .at("2026-11-21T09:00"))
            let spread = Spread(jittered.jitter, agentID: bench.store.agentID, task: "jittered")
            let due = bench.start + .hours(1)
            let fire = due + spread.delay(of: due, period: .days(1))
            try await bench.scheduler(until: fire)
            bench.clock.manual.set(to: due)
            // In Tokyo it was 09:00 three hours before the start, and 04:00 comes fifteen hours after this.
            try await bench.scheduler(zone: "Asia/Tokyo", until: fire) {
                await bench.waits(until: fire + .hours(15)) { bench.clock.manual.set(to: fire) }
            }
            #expect(try await bench.runs("jittered").map(\.due) == [due])
            let single = try await bench.runs("single")
            #expect(
                single.count == 1 && single.first?.trigger == .catchUp && single.first?.due == bench.start - .hours(3)
            )
        }
    }

    @Test func `once starts at the put and is completed`() async throws {
        try await withBench { bench in
            try await bench.put("now", .once)
            try await bench.scheduler(until: nil)
            #expect(try await bench.runs().map(\.due) == [bench.start])
            #expect(try await bench.task("now").completed)
            #expect(try await bench.changes("now") == ["task.created", "run.pending", "task.completed"])
            try await bench.scheduler(until: nil)
            #expect(try await bench.runs().count == 1)
        }
    }

    @Test func `slots that pass while nobody watches are told and made up for`() async throws {
        try await withBench { bench in
            try await bench.put("often", .rate(.minutes(10)))
            try await bench.put("nightly", .cron("0 5 * * *"))
            try await bench.scheduler(until: bench.start + .minutes(10))
            bench.clock.manual.advance(by: .hours(4))
            try await bench.scheduler(until: bench.start + .minutes(250))
            let often = try await bench.runs("often")
            #expect(often.map(\.outcome) == [.missed, nil])
            #expect(
                often.first?.covers
                    == Covers(count: 23, from: bench.start + .minutes(10), to: bench.start + .minutes(230))
            )
            #expect(often.last?.trigger == .schedule)
            #expect(often.last?.due == bench.start + .hours(4))
            let nightly = try await bench.runs("nightly")
            #expect(nightly.map(\.outcome) == [.missed])
            #expect(nightly.map(\.due) == [bench.start + .hours(2)])
            #expect(try await bench.task("nightly").nextDue == bench.start + .hours(26))
        }
    }

    @Test func `a slot found late is a run that catches up`() async throws {
        try await withBench { bench in
            try await bench.put("daily", .rate(.days(1)))
            try await bench.scheduler(until: bench.start + .days(1))
            bench.clock.manual.advance(by: .hours(30))
            try await bench.scheduler(until: bench.start + .days(2))
            #expect(try await bench.runs().map(\.trigger) == [.catchUp])
            #expect(try await bench.runs().map(\.due) == [bench.start + .days(1)])
        }
    }

    @Test func `setting the clock back repeats no slot`() async throws {
        try await withBench { bench in
            let (clock, due) = (bench.clock.manual, bench.start + .hours(1))
            try await bench.put("hourly", .cron("0 * * * *"))
            try await bench.scheduler(until: due) {
                await bench.waits(until: due + .hours(1)) { clock.advance(by: .hours(1)) }
                await bench.waits(until: due + .hours(1)) { clock.set(to: bench.start + .minutes(30)) }
                await bench.waits(until: due + .hours(1)) { clock.set(to: due) }
            }
            #expect(try await bench.runs().map(\.due) == [due])
        }
    }

    @Test func `a scheduler that is started anew repeats no slot`() async throws {
        try await withBench { bench in
            let due = bench.start + .hours(1)
            try await bench.put("hourly", .cron("0 * * * *"))
            try await bench.scheduler(until: due)
            bench.clock.manual.advance(by: .hours(1))
            for _ in 0..<3 { try await bench.scheduler(until: due + .hours(1)) }
            #expect(try await bench.runs().map(\.due) == [due])
        }
    }

    @Test func `a changed task is not a miss and begins after its put`() async throws {
        try await withBench { bench in
            try await bench.put("job", .cron("0 * * * *"))
            try await bench.scheduler(until: bench.start + .hours(1))
            bench.clock.manual.advance(by: .minutes(50))
            try await bench.put("job", .cron("30 * * * *"))
            bench.clock.manual.advance(by: .minutes(1))
            try await bench.scheduler(until: bench.start + .minutes(90))
            #expect(try await bench.runs().isEmpty)
        }
    }

    @Test func `a paused slot is skipped, and a pause ends by itself`() async throws {
        try await withBench { bench in
            let clock = bench.clock.manual
            try await bench.put("job", .rate(.hours(1)))
            let pause = Pause(by: "uid:7", at: bench.start, until: bench.start + .minutes(90))
            _ = try await bench.store.write { try $0.setPaused("job", pause) }
            try await bench.scheduler(until: bench.start + .hours(1)) {
                await bench.waits(until: bench.start + .minutes(90)) { clock.advance(by: .hours(1)) }
                await bench.waits(until: bench.start + .hours(2)) { clock.advance(by: .minutes(30)) }
                await bench.waits(until: bench.start + .hours(3)) { clock.advance(by: .minutes(30)) }
            }
            #expect(try await bench.runs().map(\.outcome) == [.skipped, nil])
            let expected = ["task.created", "task.paused", "run.skipped", "task.resumed", "run.pending"]
            #expect(try await bench.changes("job") == expected)
        }
    }

    @Test func `a boot schedule is due once in each boot`() async throws {
        try await withBench { bench in
            try await bench.scheduler(boot: "boot-1", until: nil)
            try await bench.put("each", .cron("@reboot"))
            try await bench.put("next", .nextBoot)
            // Put in this boot: the next is their first.
            try await bench.scheduler(boot: "boot-1", until: nil)
            #expect(try await bench.runs().isEmpty)
            bench.clock.manual.advance(by: .hours(1))
            for _ in 0..<2 { try await bench.scheduler(boot: "boot-2", until: nil) }
            #expect(try await bench.runs().map(\.task) == ["each", "next"])
            try await bench.scheduler(boot: "boot-3", until: nil)
            #expect(try await bench.runs().map(\.task) == ["each", "next", "each"])
            #expect(try await bench.runs().map(\.trigger) == [.boot, .boot, .boot])
            #expect(try await bench.task("next").completed)
            #expect(try await !bench.task("each").completed)
        }
    }

    @Test func `a boot schedule that was put but not planned before the host went down is due`() async throws {
        try await withBench { bench in
            try await bench.put("each", .everyBoot)
            bench.clock.manual.advance(by: .hours(1))
            try await bench.scheduler(boot: "boot-2", until: nil)
            #expect(try await bench.runs().map(\.trigger) == [.boot])
        }
    }

    @Test func `another host zone moves the next slot and misses none`() async throws {
        try await withBench { bench in
            try await bench.put("job", .cron("0 5 * * *"))
            try await bench.scheduler(until: bench.start + .hours(2))
            bench.clock.manual.advance(by: .hours(1))
            // In Shanghai it is noon already: 05:00 has passed, and was no slot there.
            try await bench.scheduler(zone: "Asia/Shanghai", until: bench.start + .hours(18))
            #expect(try await bench.runs().isEmpty)
        }
    }

    @Test func `more tasks than one transaction takes are all decided`() async throws {
        try await withBench { bench in
            let count = Desk.pageSize * 2 + 1
            _ = try await bench.store.write { transaction in
                for number in 0..<count {
                    let schedule = ScheduleDefinition(.cron("0 4 * * *"))
                    let task = TaskDefinition(id: "t\(number)", schedule: schedule, command: ["/bin/true"])
                    _ = try transaction.putTask(task, source: "rpc", by: "uid:0")
                }
            }
            try await bench.scheduler(until: bench.start + .hours(1)) {
                await bench.waits(until: bench.start + .hours(25)) { bench.clock.manual.advance(by: .hours(1)) }
            }
            #expect(try await bench.runs().count == count)
        }
    }

    @Test func `a task whose zone is gone is told as invalid, and the others go on`() async throws {
        try await withBench { bench in
            let lost = ScheduleDefinition(.cron("0 * * * *"), timeZone: "Nowhere/Land")
            let task = TaskDefinition(id: "lost", schedule: lost, command: ["/bin/true"])
            _ = try await bench.store.write { try $0.putTask(task, source: "rpc", by: "uid:0") }
            try await bench.put("well", .rate(.minutes(1)))
            try await bench.scheduler(until: bench.start + .minutes(1))
            let runs = try await bench.runs("lost")
            #expect(runs.map(\.outcome) == [.invalid])
            #expect(runs.first?.reason?.contains("Nowhere/Land") ?? false)
        }
    }

    @Test func `it ends when the store closes`() async throws {
        try await withBench { bench in
            let scheduler = try bench.makeScheduler()
            try await withThrowingTaskGroup(of: Void.self) { group in
                await bench.waits(until: nil) { group.addTask { try? await scheduler.run() } }
                await bench.store.close()
                try await group.waitForAll()
            }
        }
    }

    @Test func `being cancelled is no failure`() async throws {
        try await withBench { bench in
            let scheduler = try bench.makeScheduler()
            let run = Task { try await scheduler.run() }
            await bench.clock.waited(until: nil, after: 0)
            run.cancel()
            try await run.value
            #expect(scheduler.report.next == nil)
        }
    }
}
