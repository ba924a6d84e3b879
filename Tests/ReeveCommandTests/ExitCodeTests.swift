import ArgumentParser
import JSON
import Testing

@testable import reeve

struct ExitCodeTests {
    @Test(
        arguments: [
            (#"{"outcome": "succeeded", "steps": [{"outcome": "succeeded", "exitCode": 0}]}"#, 0),
            (#"{"outcome": "failed", "steps": [{"outcome": "failed", "cause": "exit", "exitCode": 3}]}"#, 3),
            (#"{"outcome": "failed", "steps": [{"outcome": "failed", "cause": "signal", "signal": 9}]}"#, 137),
            (#"{"outcome": "failed", "steps": [{"outcome": "failed", "cause": "notFound"}]}"#, 127),
            (#"{"outcome": "failed", "steps": [{"outcome": "failed", "cause": "notExecutable"}]}"#, 126),
            (#"{"outcome": "failed", "steps": [{"outcome": "failed", "cause": "startFailed"}]}"#, 125),
            (#"{"outcome": "timedOut", "steps": [{"outcome": "timedOut", "signal": 15}]}"#, 124),
            (#"{"outcome": "canceled", "steps": [{"outcome": "canceled", "signal": 15}]}"#, 143),
            (#"{"outcome": "canceled", "steps": [{"outcome": "canceled", "exitCode": 5}]}"#, 5),
            (#"{"outcome": "canceled", "steps": [{"outcome": "canceled", "exitCode": 0}]}"#, 125),
            (#"{"outcome": "canceled", "steps": [{"status": "pending"}]}"#, 125),
            (#"{"outcome": "lost", "steps": [{"outcome": "lost"}]}"#, 125),
            (#"{"outcome": "skipped", "steps": []}"#, 125),
            (#"{"outcome": "somethingNew"}"#, 125),
        ]
    )
    func `a run's end decides the code`(run: String, code: Int32) throws {
        #expect(ExitCodes.code(ofRun: try JSON(parsing: run)) == code)
    }

    @Test func `of several steps the one that did not succeed decides`() throws {
        let run = try JSON(
            parsing: """
                {"outcome": "failed", "steps": [
                    {"outcome": "succeeded", "exitCode": 0}, {"outcome": "failed", "exitCode": 7}, {"status": "pending"}
                ]}
                """
        )
        #expect(ExitCodes.code(ofRun: run) == 7)
        let graph = try JSON(
            parsing: """
                {"outcome": "failed", "steps": [
                    {"outcome": "failed", "exitCode": 8, "stoppedAt": "2026-11-28T10:00:01.000Z"},
                    {"outcome": "failed", "exitCode": 9, "stoppedAt": "2026-11-28T10:00:00.000Z"},
                    {"outcome": "skipped", "stoppedAt": "2026-11-28T10:00:00.000Z"},
                    {"outcome": "canceled", "signal": 15, "stoppedAt": "2026-11-28T09:00:00.000Z"}
                ]}
                """
        )
        #expect(ExitCodes.code(ofRun: graph) == 9, "the first of them")
    }
}

struct InvocationTests {
    @Test(
        arguments: [
            (["ls"], "ls"), (["--json", "ls"], "ls"), (["--socket", "/x", "run", "--", "y"], "run"),
            (["--socket=/x", "run"], "run"), (["--json"], nil), ([], nil),
        ] as [([String], String?)]
    )
    func `the command is the first word that belongs to no option`(arguments: [String], name: String?) {
        #expect(Invocation.commandName(in: arguments) == name)
    }

    @Test(
        arguments: [
            (["service", "lst"], "lst"), (["--socket", "/x", "service", "lst"], "lst"), (["endpoint", "list"], "list"),
            (["service", "ls"], nil), (["service"], nil), (["service", "-l", "a=b"], nil), (["service", "help"], nil),
            (["events", "shw"], nil), (["ls", "service"], nil),
        ] as [([String], String?)]
    )
    func `what stands where a group's command is expected is one of them`(arguments: [String], unknown: String?) {
        #expect(Invocation.unknownSubcommand(in: arguments)?.name == unknown)
    }

    @Test func `every command has a name of its own and a help with examples`() {
        #expect(Set(Reeve.commandNames).count == Reeve.commandNames.count)
        let commands = Reeve.configuration.groupedSubcommands.flatMap { $0.subcommands }
        for command in commands + commands.flatMap({ $0.configuration.subcommands }) {
            let discussion = command.configuration.discussion
            #expect(discussion.contains("EXAMPLES:"), "\(command)")
            let lines = discussion.split(separator: "\n").filter { $0.hasPrefix("  ") }
            #expect(lines.allSatisfy { $0.count <= 80 }, "an example of \(command) would be wrapped")
        }
    }
}
