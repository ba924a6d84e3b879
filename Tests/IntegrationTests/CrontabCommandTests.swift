import Glibc
import Testing
import TestSupport

/// `reeve import crontab` with both real programs.
@Suite(.timeLimit(.minutes(5)))
struct CrontabCommandTests {
    private static let crontab = """
        MAILTO=ops@example.com
        # Nightly backup.
        0 3 */100,1-7 * mon  echo backup
        @reboot cat%first%100\\%
        */5 2 * * * "/usr/bin/printf" x

        """

    private static func running(_ text: String, _ body: (Daemon) async throws -> Void) async throws {
        let estate = try Estate()
        try writeFile(estate.folder.path + "/tab", text)
        try await estate.running { daemon in
            try await body(daemon)
            #expect(try await daemon.stopped() == .exited(0), "\(estate.log)")
        }
    }

    private static let tasks = ["cron-cat\tat every boot", "cron-echo\t0 3 * * 1#1", "cron-printf\t*/5 2 * * *"]

    private static func list(_ daemon: Daemon) async throws -> [String] {
        try await daemon.shell("$reeve ls 2>/dev/null").split(separator: "\n").map { line in
            line.split(separator: "\t").prefix(2).joined(separator: "\t")
        }
    }

    private static var told: String {
        """
        ./tab:1: note: MAILTO: no mail is sent of what a task writes
          hint:     "reeve logs TASK" shows it; "reeve endpoint add" has a webhook told of failures
        ./tab:3: note: "0 3 */100,1-7 * mon" is written here as "0 3 * * 1#1", which means the same

        """
    }

    @Test func `a crontab becomes tasks that do what it says`() async throws {
        try await Self.running(Self.crontab) { daemon in
            let told = try await daemon.shell("$reeve import crontab ./tab --apply")
            #expect(told == Self.told + "cron-echo\tcreated\t-\ncron-cat\tcreated\t-\ncron-printf\tcreated\t-\n")
            #expect(try await Self.list(daemon) == Self.tasks)
            #expect(try await daemon.shell("$reeve run cron-cat") == "first\n100%\n")
            #expect(try await daemon.shell("$reeve run cron-echo") == "backup\n")

            let again = try await daemon.shell("$reeve import crontab ./tab --apply")
            #expect(again.hasSuffix("cron-echo\tsame\t-\ncron-cat\tsame\t-\ncron-printf\tsame\t-\n"))
            let other = "echo '5 5 * * * echo other' | $reeve import crontab - --apply"
            let refused = try await daemon.shell(other, code: 1)
            #expect(refused.contains("there are other tasks of these names already: cron-echo\n"))
            #expect(try await Self.list(daemon) == Self.tasks)
            let replaced = try await daemon.shell("\(other) --replace")
            #expect(
                replaced.hasPrefix("cron-echo\tchanged\t") && replaced.contains("cron: 0 3 * * 1#1 → 5 5 * * *"),
                "\(replaced)"
            )
            #expect(try await daemon.shell("\(other) --prefix x-") == "x-echo\tcreated\t-\n")
        }
    }

    @Test func `what is printed can be applied, from a file and from a pipe`() async throws {
        try await Self.running(Self.crontab) { daemon in
            let told = try await daemon.shell("$reeve import crontab ./tab > tasks.yaml")
            #expect(told == Self.told)
            let created = "cron-echo\tcreated\t-\ncron-cat\tcreated\t-\ncron-printf\tcreated\t-\n"
            #expect(try await daemon.shell("$reeve apply -f tasks.yaml") == created)
            #expect(try await Self.list(daemon) == Self.tasks)
            for options in ["", "--json "] {
                let line = "$reeve import crontab \(options)./tab 2>/dev/null | $reeve apply -f -"
                let same = created.replacing("created", with: "same")
                #expect(try await daemon.shell(line) == same)
            }
        }
    }

    @Test func `nothing is put of a crontab of which something is refused`() async throws {
        try await Self.running("5/7 * * * * x\n0 0 * * * /bin/true\n") { daemon in
            let told = """
                ./tab:1: error: minute "5/7": cron takes a step behind a range or *, not behind a number alone
                  hint:     5-59/7 for each from 5 on, or 5

                """
            let refused = try await daemon.shell("$reeve import crontab ./tab --apply", code: 1)
            #expect(refused.hasPrefix(told + "reeve: nothing was changed\n"))
            #expect(try await Self.list(daemon) == [])
            // Refused by the agent alone.
            let unknown = "printf 'CRON_TZ=Mars/Base\\n@daily /bin/true\\n' | $reeve import crontab - --apply"
            let zone = try await daemon.shell(unknown, code: 1)
            #expect(zone.contains("standard input:2: error: /schedule/timeZone: "))
            #expect(try await Self.list(daemon) == [])

            let printed = try await daemon.shell("$reeve import crontab ./tab", code: 1)
            #expect(printed.hasPrefix(told + "tasks:\n  - id: cron-true\n"))
            let partly = try await daemon.shell("$reeve import crontab ./tab --apply --partial", code: 1)
            #expect(partly == told + "cron-true\tcreated\t-\n")
            #expect(try await Self.list(daemon) == ["cron-true\t0 0 * * *"])
        }
    }
}
