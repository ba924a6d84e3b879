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
            let file = try DefinitionFile(.task, path: path)
            file.tellOthers()
            for entry in file.entries {
                let answer = try await session.call("task.check", ["task": entry.definition])
                answers.append(answer)
                if !session.wantsJSON {
                    DefinitionProblems(kind: .task, place: { file.place(entry, $0) }, answer: answer).tell()
                }
                let isValid = answer["valid"]?.bool == true
                let next = answer["next"]?.array?.first?.string
                table.add(
                    Table.Cell(entry.definition["id"]?.string),
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
