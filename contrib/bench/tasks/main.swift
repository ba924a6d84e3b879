import Glibc
import Logging
import ReeveProtocol
import ReeveStore

/// Fills a state directory with scheduled tasks, in the way that `task.put` does: each a row and a change that tells of
/// it, a thousand to a transaction. No agent may run there.
///
/// Arguments: the directory, how many tasks. None of them is due within the next two days: six of ten once a year on
/// some day, two at a rate of 30 to 999 days, one once a month, one once; in seven zones.
struct Fill {
    static let zones = [
        "UTC", "Europe/Berlin", "America/New_York", "Asia/Tokyo", "Australia/Sydney", "America/Sao_Paulo",
        "Asia/Kolkata",
    ]
    static let page = 1000

    let now: Timestamp

    func task(_ number: Int) -> TaskDefinition {
        let id = "task-\(number)"
        var task = TaskDefinition(
            id: id,
            schedule: schedule(number),
            command: ["/usr/local/bin/job", "--number", "\(number)"]
        )
        task.labels = ["team": "team-\(number % 40)"]
        return task
    }

    private func schedule(_ number: Int) -> ScheduleDefinition {
        let zone = Self.zones[number / 10 % Self.zones.count]
        let time = "\(number % 60) \(number / 60 % 24)"
        // Far enough from now in any zone, and never a day that only some years have.
        let day = CivilDate(daysSinceEpoch: now.milliseconds / 86_400_000 + Int64(3 + number % 360))
        let dayOfMonth = min(day.day, 28)
        switch number % 10 {
        case 0...5: return ScheduleDefinition(.cron("\(time) \(dayOfMonth) \(monthOnlyIfLater(day)) *"), timeZone: zone)
        case 6, 7: return ScheduleDefinition(.rate(.days(Int64(30 + number % 970))))
        case 8: return ScheduleDefinition(.cron("\(time) \(distantDay(number)) * *"), timeZone: zone)
        default: return ScheduleDefinition(.at((now + .days(Int64(2 + number % 700))).description))
        }
    }

    /// The day was cut to 28: in the present month that may have brought it near.
    private func monthOnlyIfLater(_ day: CivilDate) -> Int64 {
        day.day > 28 ? day.month % 12 + 1 : day.month
    }

    /// A day of the month that is at least three away from today.
    private func distantDay(_ number: Int) -> Int64 {
        let today = CivilDate(daysSinceEpoch: now.milliseconds / 86_400_000).day
        return (today - 1 + 4 + Int64(number / 10 % 20)) % 28 + 1
    }
}

/// The host's clock, as far as a store that nobody waits on needs it.
struct HostClock: WallClock {
    var now: Timestamp {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Timestamp(milliseconds: Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000)
    }

    func wait(until deadline: Timestamp?) async throws {}
}

func run(directory: String, count: Int) async throws {
    let lock = try StoreLock.take(directory: directory)
    defer { withExtendedLifetime(lock) {} }
    let start = ContinuousClock.now
    let store = try Store.open(
        directory: directory,
        clock: HostClock(),
        elapsed: { ContinuousClock.now - start },
        logger: Logger(label: "bench", factory: { _ in SwiftLogNoOpLogHandler() })
    )
    let fill = Fill(now: HostClock().now)
    for first in stride(from: 0, to: count, by: Fill.page) {
        try await store.write { transaction in
            for number in first..<min(count, first + Fill.page) {
                _ = try transaction.putTask(fill.task(number), source: "rpc", by: "uid:0")
            }
        }
    }
    await store.close()
    print((ContinuousClock.now - start) / .seconds(1))
}

guard CommandLine.arguments.count == 3, let count = Int(CommandLine.arguments[2]) else {
    print("usage: tasks-bench DIRECTORY COUNT")
    exit(2)
}
try await run(directory: CommandLine.arguments[1], count: count)
