import ArgumentParser
import JSON
import JSONRPC
import ReeveProtocol

/// `reeve next`
struct Next: Command {
    static let configuration = CommandConfiguration(
        commandName: "next",
        abstract: "Show when a task is due, or what a schedule means.",
        discussion: """
            Without an argument: what is due next of all tasks.

            EXAMPLES:
              reeve next
              reeve next backup -n 10
              reeve next '0 3 * * 1-5' --time-zone Europe/Berlin
              reeve next @hourly
              reeve next 15m
            """
    )

    @OptionGroup var options: GlobalOptions

    @Argument(help: "A task, a cron expression, a duration, or a time.", completion: .task)
    var what: String?

    @Option(name: [.customShort("n"), .customLong("count")], help: "How many times to show.")
    var count: Int = 5

    @Option(help: ArgumentHelp("The zone that an expression is meant in.", valueName: "name"))
    var timeZone: String?

    func validate() throws {
        guard (1...1000).contains(count) else { throw ValidationError("-n: 1 to 1000 times can be shown.") }
    }

    func perform() async throws {
        let session = try await Session.open(options)
        guard let what else { return try await showAll(session) }
        let parameters = try await preview(of: what, session)
        let answer = try await session.callInZone("schedule.preview", parameters)
        if session.printJSON(answer) { return }
        Standard.say(answer["explanation"]?.string ?? "")
        for warning in answer["warnings"]?.array ?? [] { Standard.say("warning: \(warning.string ?? warning.text)") }
        var table = Table("DUE", "IN", "NOTE")
        for time in answer["times"]?.array ?? [] {
            let shown =
                session.terminal.isTerminal ? time["local"]?.string.map(TimeText.readable) : time["time"]?.string
            let distance = session.times.distance(time, "time")
            table.add(Table.Cell(shown), Table.Cell(distance, .faint), Table.Cell(time["note"]?.string, .caution))
        }
        session.print(table, ifEmpty: "never again")
    }

    /// A task's own schedule where there is a task of that name, else the text itself.
    private func preview(of what: String, _ session: Session) async throws -> JSONObject {
        guard Self.mayBeTask(what) else { return expression(what) }
        do {
            let answer = try await session.call("task.get", ["task": .string(what)])
            guard let schedule = answer["task"]?["schedule"] else {
                throw CommandFailure(.refused, "\(what) has no schedule", hint: "it runs by hand: reeve run \(what)")
            }
            var parameters = planned(schedule, answer)
            parameters["task"] = .string(what)
            return parameters
        } catch let error as RPCError where error.kind == "notFound" && Interval(what) != nil {
            return expression(what)
        }
    }

    /// A rate counts from the put of its task, which the preview cannot know but by a slot of it.
    private func planned(_ schedule: JSON, _ task: JSON) -> JSONObject {
        var parameters: JSONObject = ["schedule": schedule, "count": .number(count)]
        if let rate = schedule["rate"]?.string.flatMap({ Interval($0) }),
            let due = (task["due"]?.string ?? task["next"]?.string).flatMap({ Timestamp($0) })
        {
            parameters["after"] = .string((due - rate).description)
        }
        return parameters
    }

    private func expression(_ text: String) -> JSONObject {
        var schedule: JSON = .string(text)
        if Interval(text) != nil {
            schedule = ["rate": .string(text)]
        } else if text.contains("T"), text.first?.isNumber == true, !text.contains(" ") {
            schedule = ["at": .string(text)]
        } else if timeZone != nil {
            schedule = ["cron": .string(text)]
        }
        if let timeZone, case .object(var object) = schedule {
            object["timeZone"] = .string(timeZone)
            schedule = .object(object)
        }
        return ["schedule": schedule, "count": .number(count)]
    }

    static func mayBeTask(_ text: String) -> Bool {
        text.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"):
                true
            default: false
            }
        }
    }

    private func showAll(_ session: Session) async throws {
        let answer = try await session.list("task.list", ["timeZone": .string(session.zone)], "tasks")
        if session.printJSON(answer) { return }
        let due = (answer["tasks"]?.array ?? []).filter { $0["next"]?.string != nil }
            .sorted { ($0["next"]?.string ?? "") < ($1["next"]?.string ?? "") }
        var table = Table("DUE", "IN", "TASK", "SCHEDULE")
        for task in due.prefix(count) {
            table.add(
                Table.Cell(session.times.time(task, "next")),
                Table.Cell(session.times.distance(task, "next"), .faint),
                Table.Cell(task["id"]?.string, .strong),
                Table.Cell(task["scheduleText"]?.string)
            )
        }
        session.print(table, ifEmpty: "nothing is due")
        if due.count > count { Standard.say("\(due.count - count) more; -n shows more") }
    }
}
