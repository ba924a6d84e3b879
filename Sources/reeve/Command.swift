import ArgumentParser

/// What can be done with `reeve WORD …`.
protocol Command: ParsableCommand {
    var options: GlobalOptions { get }

    /// Does it. What it throws is for the user to read, or is an `ExitStatus`.
    func perform() async throws
}

/// Ends the program with this code, with nothing more to say.
struct ExitStatus: Error {
    var code: Int32

    init(_ code: Int32) {
        self.code = code
    }
}
