import ArgumentParser
import JSON

/// `reeve check`
struct Check: Command {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Check files of tasks, and change nothing.",
        discussion: """
            Prints the next times that each task would be due. Ends with 1 if anything is wrong.

            EXAMPLES:
              reeve check -f backup.yaml
              reeve show backup | reeve check -f -
            """
    )

    @OptionGroup var options: GlobalOptions

    @Option(
        name: [.customShort("f"), .long],
        help: ArgumentHelp("A file, a folder of them, or - for standard input.", valueName: "file|dir"),
        completion: .file()
    )
    var file: String

    func perform() async throws {
        let session = try await Session.open(options)
        var answers: [JSON] = []
        var table = Table("TASK", "VALID", "NEXT")
        for path in try File.definitions(file) {
            let file = try TaskFile(path: path)
            for entry in file.entries {
                let answer = try await session.call("task.check", ["task": entry.task])
                answers.append(answer)
                if !session.wantsJSON { TaskProblems(file: file, entry: entry, answer: answer).tell() }
                let isValid = answer["valid"]?.bool == true
                let next = answer["next"]?.array?.first?.string
                table.add(
                    Table.Cell(entry.task["id"]?.string),
                    Table.Cell(isValid ? "valid" : "invalid", isValid ? .good : .failure),
                    Table.Cell(next.map { session.terminal.isTerminal ? TimeText.readable($0) : $0 })
                )
            }
        }
        if !session.printJSON(answers.count == 1 ? answers[0] : .array(answers)) {
            session.print(table, ifEmpty: "there is no task in it")
        }
        guard answers.allSatisfy({ $0["valid"]?.bool == true }) else { throw ExitStatus(ExitCodes.refused) }
    }
}

/// What is wrong with a task in a file.
struct TaskProblems {
    let file: TaskFile
    let entry: TaskFile.Entry
    let answer: JSON

    func tell() {
        for problem in answer["problems"]?.array ?? [] {
            let path = problem["path"]?.string ?? ""
            var lines = ["\(file.place(entry, path)): error: \(described(path)): \(problem["reason"]?.string ?? "")"]
            for name in ["expected", "hint"] {
                if let text = problem[name]?.string { lines.append("  \((name + ":").padded(to: 10))\(text)") }
            }
            Standard.say(lines.joined(separator: "\n"))
        }
        for warning in answer["warnings"]?.array ?? [] {
            Standard.say("\(file.place(entry, "")): warning: \(warning.string ?? warning.text)")
        }
    }

    private func described(_ path: String) -> String {
        let inTask = path.hasPrefix("/task") ? path.dropFirst("/task".count) : path[...]
        return inTask.isEmpty ? "the task" : String(inTask)
    }
}
