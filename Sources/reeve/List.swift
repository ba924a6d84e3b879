import ArgumentParser
import JSON

/// `reeve ls`
struct List: Command {
    static let configuration = CommandConfiguration(
        commandName: "ls",
        abstract: "List the tasks.",
        discussion: """
            In a pipe a task is a line, with tabs between id, schedule, next, last outcome and state.

            EXAMPLES:
              reeve ls
              reeve ls -l team=data
              reeve ls | cut -f1
            """
    )

    @OptionGroup var options: GlobalOptions

    @Flag(name: .shortAndLong, help: "Also the hidden tasks that \"reeve run -- COMMAND\" makes.")
    var all = false

    @Option(name: [.customShort("l"), .long], help: ArgumentHelp("Only tasks with this label.", valueName: "K=V"))
    var label: [Assignment] = []

    func perform() async throws {
        let session = try await Session.open(options)
        var parameters: JSONObject = ["timeZone": .string(session.zone)]
        parameters["labels"] = try label.pairs("--label")
        if all { parameters["all"] = true }
        let answer = try await session.list("task.list", parameters, "tasks")
        if session.printJSON(answer) { return }
        var table = Table("TASK", "SCHEDULE", "NEXT", "LAST", "STATE")
        for task in answer["tasks"]?.array ?? [] {
            let last = task["last"]?["outcome"]?.string
            let state = TaskState(task)
            table.add(
                Table.Cell(task["id"]?.string, .strong),
                Table.Cell(task["scheduleText"]?.string),
                Table.Cell(session.times.time(task, "next")),
                Table.Cell(last, Style.of(last)),
                Table.Cell(state.text(session.times), Style.of(state.word))
            )
        }
        session.print(table, ifEmpty: "no tasks; add one with: reeve add ID --cron '0 3 * * *' -- COMMAND")
    }
}

/// What a task is doing.
struct TaskState {
    private let task: JSON

    init(_ task: JSON) {
        self.task = task
    }

    var word: String {
        if !(task["running"]?.array ?? []).isEmpty { return "running" }
        if task["paused"]?.object != nil { return "paused" }
        return task["completed"]?.bool == true ? "completed" : "idle"
    }

    func text(_ times: TimeText) -> String {
        guard let paused = task["paused"], paused.object != nil, times.terminal.isTerminal else { return word }
        var text = word == "paused" ? "paused" : "\(word), paused"
        if let remaining = times.remaining(paused, "until") { text += " for \(remaining)" }
        if let reason = paused["reason"]?.string { text += ": \(reason)" }
        return text
    }
}
