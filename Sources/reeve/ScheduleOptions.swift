import ArgumentParser
import JSON
import ReeveProtocol

/// When a task is due, as options.
struct ScheduleOptions: ParsableArguments {
    @Option(help: ArgumentHelp("A cron expression: '0 3 * * *', '@daily'.", valueName: "expr"))
    var cron: String?

    @Option(help: ArgumentHelp("Every so often from now: 15m, 1h30m.", valueName: "duration"))
    var rate: Interval?

    @Option(help: ArgumentHelp("Once: 2026-12-24T18:00, or with an offset.", valueName: "time"))
    var at: String?

    @Flag(help: "At each start of the host.")
    var boot = false

    @Option(help: ArgumentHelp("The zone of --cron and --at; the host's if not given.", valueName: "name"))
    var timeZone: String?

    @Option(help: ArgumentHelp("Put the start off by up to this, to spread load.", valueName: "duration"))
    var jitter: Interval?

    @Flag(help: "Another delay at each time, not one for all.")
    var randomJitter = false

    @Option(help: ArgumentHelp("Not due before this time: 2026-12-24T18:00, or with an offset.", valueName: "time"))
    var from: String?

    @Option(help: ArgumentHelp("Not due after this time.", valueName: "time"))
    var until: String?

    @Option(help: ArgumentHelp("Make so many runs, and no more.", valueName: "count"))
    var maxRuns: Int?

    func validate() throws {
        guard [cron != nil, rate != nil, at != nil, boot].count(where: { $0 }) <= 1 else {
            throw ValidationError("Only one of --cron, --rate, --at and --boot can be given.")
        }
        guard jitter != nil || !randomJitter else { throw ValidationError("--random-jitter needs --jitter.") }
    }

    /// `nil` for a task that only runs by hand.
    func definition() throws -> JSON? {
        var schedule = JSONObject()
        schedule["cron"] = cron.map(JSON.string)
        schedule["rate"] = rate.map { .string($0.description) }
        schedule["at"] = at.map(JSON.string)
        if boot { schedule["everyBoot"] = true }
        let isGiven = !schedule.members.isEmpty
        schedule["timeZone"] = timeZone.map(JSON.string)
        schedule["jitter"] = jitter.map {
            let maximum = JSON.string($0.description)
            return randomJitter ? ["maximum": maximum, "random": true] : maximum
        }
        schedule["from"] = from.map(JSON.string)
        schedule["until"] = until.map(JSON.string)
        schedule["maxRuns"] = maxRuns.map { .number(String($0)) }
        guard isGiven || schedule.members.isEmpty else {
            throw ValidationError(
                "--time-zone, --jitter, --from, --until and --max-runs need a schedule: --cron, --rate, --at or --boot."
            )
        }
        return isGiven ? .object(schedule) : nil
    }
}
