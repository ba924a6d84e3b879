import ArgumentParser
import JSON

/// What is to be run: a command after `--`, or a line for the shell.
struct CommandArguments: ParsableArguments {
    @Option(name: .customShort("c"), help: ArgumentHelp("Run this line with /bin/sh.", valueName: "shell line"))
    var line: String?

    @Argument(parsing: .postTerminator, help: "The command and its arguments, after --.")
    var command: [String] = []

    func validate() throws {
        guard command.isEmpty != (line == nil) else {
            throw ValidationError("Say what to run: a command after --, or -c 'SHELL LINE'.")
        }
    }

    var json: JSON {
        .array((line.map { ["/bin/sh", "-c", $0] } ?? command).map(JSON.string))
    }
}
