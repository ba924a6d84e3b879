import ArgumentParser

/// Which part of a log is printed, as options.
struct LogOptions: ParsableArguments {
    @Flag(
        name: .shortAndLong,
        help: "Go on until the run ends, the task with its next run, a service until it is removed."
    )
    var follow = false

    @Option(help: ArgumentHelp("Only stdout or stderr.", valueName: "name"), completion: .list(["stdout", "stderr"]))
    var stream: String?

    @Option(
        name: [.customShort("n"), .customLong("tail")],
        help: ArgumentHelp("Only the last lines of what is there.", valueName: "lines")
    )
    var tail: Int?

    func validate() throws {
        if let tail, tail < 0 { throw ValidationError("-n: 0 lines or more.") }
    }
}
