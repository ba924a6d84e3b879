import ArgumentParser
import JSON
import JSONRPC
import ReeveProtocol

/// `reeve wait`
struct Wait: Command {
    static let configuration = CommandConfiguration(
        commandName: "wait",
        abstract: "Wait until a run has ended, and end as its command did.",
        discussion: """
            A task's name means its last run. Ends with the command's own code, 128+n for a signal, 124 if it (or the \
            deadline) timed out, 125 for reeve's own trouble or if it never ran, 126 and 127 if it was not executable \
            or not found.

            EXAMPLES:
              reeve wait backup
              reeve wait backup/7 --deadline 10m
            """
    )

    @OptionGroup var options: GlobalOptions

    @Argument(help: "The run to wait for.", completion: .task)
    var run: String

    @Option(help: ArgumentHelp("Give up after this.", valueName: "duration"))
    var deadline: Interval?

    func perform() async throws {
        let session = try await Session.open(options)
        // `TASK/-1` is another run once the next has begun.
        let named = try await session.call("run.get", ["run": .string(RunName.resolved(run))])
        var parameters: JSONObject = ["run": named["run"]?["id"] ?? .null]
        parameters["deadline"] = deadline.map { .string($0.description) }
        var patience = Patience(session)
        let answer: JSON
        do {
            answer = try await WaitProgress(session, run: named["run"] ?? .null).show {
                try await patience.call("run.wait", parameters)
            }
        } catch let error as RPCError where error.kind == "deadline" {
            Standard.say("reeve: \(error.message)")
            throw ExitStatus(ExitCodes.timedOut)
        }
        if !session.printJSON(answer) { RunEnd(answer["run"] ?? .null).tell() }
        throw ExitStatus(ExitCodes.code(ofRun: answer["run"] ?? .null))
    }
}

/// How a run ended, in words.
struct RunEnd {
    let run: JSON

    init(_ run: JSON) {
        self.run = run
    }

    func tell() {
        let outcome = run["outcome"]?.string ?? "?"
        guard outcome != "succeeded" else { return }
        let reason = run["reason"]?.string.map { ": \($0)" } ?? ""
        let next = run["willRetry"]?.string.flatMap { Timestamp($0) }
        let wait = next.map { max(Interval.zero, $0.since(Host.now)) }
        let again = wait.map { "; tried again in \($0.rounded)" } ?? ""
        Standard.say("reeve: \(RunName.short(run)) \(Self.words[outcome] ?? outcome)\(Table.clean(reason))\(again)")
    }

    private static let words = [
        "failed": "failed", "timedOut": "timed out", "canceled": "was stopped", "lost": "was lost",
        "skipped": "was skipped", "missed": "was missed", "invalid": "was refused",
    ]
}
