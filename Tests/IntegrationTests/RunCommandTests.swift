import Glibc
import JSON
import TestSupport
import Testing

/// `reeve run`, `logs`, `stop` and `ps`, with both real programs.
@Suite(.timeLimit(.minutes(5)))
struct RunCommandTests {
    @Test func `a command is not run elsewhere where the current folder is gone`() async throws {
        try await Estate().running { daemon in
            let said = try await daemon.shell("mkdir gone && cd gone && rmdir ../gone && $reeve run -- pwd", code: 125)
            #expect(said.contains("the current folder is not there any more"), "\(said)")
        }
    }

    @Test func `a task gets the parameters that are given, and says which it has`() async throws {
        let estate = try Estate()
        try await estate.running { daemon in
            let file = estate.folder.path + "/job.yaml"
            try writeFile(
                file,
                """
                id: job
                parameters: {db: {default: app, pattern: "[a-z]+"}}
                script: echo "$REEVE_PARAM_DB"
                """
            )
            _ = try await daemon.reeve("apply", "-f", file)
            #expect(try await daemon.reeve("run", "job") == "app\n")
            #expect(try await daemon.reeve("run", "job", "-p", "db=shop") == "shop\n")
            let wrong = try await daemon.reeve("run", "job", "-p", "db=1", code: 125)
            #expect(wrong.contains("[a-z]+"), "\(wrong)")
            let unknown = try await daemon.reeve("run", "job", "-p", "bd=x", code: 125)
            #expect(unknown.contains("did you mean \"db\"?"), "\(unknown)")
            #expect(try await daemon.stopped() == .exited(0), "\(estate.log)")
        }
    }

    @Test func `the log of a task goes on with its next runs`() async throws {
        let estate = try Estate()
        try await estate.running { daemon in
            _ = try await daemon.reeve("add", "job", "-c", "echo run $REEVE_NUMBER")
            _ = try await daemon.reeve("run", "job")
            let (first, pipe) = (try Fifo(estate.folder.path + "/first"), try Fifo(estate.folder.path + "/pipe"))
            // The reader of the log says when it has the first line: then other runs come.
            async let followed = daemon.shell(
                "$reeve logs -f job 2>/dev/null >\(pipe.path) & p=$!; "
                    + "{ read a; echo \"$a\" >\(first.path); read b; read c; kill $p; echo \"$a, $b, $c\"; } <\(pipe.path)"
            )
            #expect(try await first.line() == "run 1")
            _ = try await daemon.reeve("run", "job")
            _ = try await daemon.reeve("run", "job")
            #expect(try await followed == "run 1, run 2, run 3\n")
            #expect(try await daemon.stopped() == .exited(0), "\(estate.log)")
        }
    }

    @Test func `a run is ended with the signal that is asked for`() async throws {
        let estate = try Estate()
        try await estate.running { daemon in
            let started = try Fifo(estate.folder.path + "/started")
            let script =
                "trap 'exit 7' INT; trap 'exit 8' TERM; echo up >\(started.path); while :; do sleep 60 & wait; done"
            _ = try await daemon.reeve("add", "job", "-c", script)
            _ = try await daemon.reeve("run", "-d", "job")
            #expect(try await started.line() == "up")
            let listed = try await daemon.reeve("ps")
            #expect(listed.hasPrefix("job/1\trunning\t"), "\(listed)")
            let refused = try await daemon.reeve("stop", "job", "--signal", "TREM", code: 1)
            #expect(refused.contains("did you mean \"TERM\"?"), "\(refused)")
            _ = try await daemon.reeve("stop", "job", "--signal", "sigint")
            _ = try await daemon.reeve("wait", "job/1", code: 7)
            let run = try await daemon.reeve("call", "run.get", #"{"run": "job/1"}"#)
            #expect(run.contains(#""exitCode":7"#), "\(run)")
            #expect(try await daemon.stopped() == .exited(0), "\(estate.log)")
        }
    }

    @Test func `a command gets the bounds that are asked for`() async throws {
        let estate = try Estate()
        try await estate.running { daemon in
            let output = try await daemon.reeve(
                "run",
                "--umask",
                "0077",
                "--nice",
                "7",
                "--",
                "sh",
                "-c",
                "umask; nice"
            )
            #expect(output == "0077\n7\n")
            _ = try await daemon.reeve("run", "--memory", "1KiB", "--", "true", code: 125)
            #expect(try await daemon.stopped() == .exited(0), "\(estate.log)")
        }
    }

    @Test func `a run that does not heed its stop is killed when a second one says so`() async throws {
        let estate = try Estate()
        try await estate.running { daemon in
            let started = try Fifo(estate.folder.path + "/started")
            let script = "trap '' TERM; echo up >\(started.path); while :; do sleep 60 & wait; done"
            _ = try await daemon.reeve("add", "job", "-c", script)
            _ = try await daemon.reeve("run", "-d", "job")
            #expect(try await started.line() == "up")
            _ = try await daemon.reeve("stop", "job", "--grace", "1h")
            _ = try await daemon.reeve("stop", "job", "--grace", "0s")
            _ = try await daemon.reeve("wait", "job/1", code: 137)
            #expect(try await daemon.stopped() == .exited(0), "\(estate.log)")
        }
    }

    @Test func `a command has a terminal, with what is typed and the size that the window comes to`() async throws {
        let estate = try Estate()
        try await estate.running { daemon in
            let typed = try await daemon.shell(
                "printf 'hello\\n' | $reeve run -t -- sh -c 'read x; echo got $x; stty size'"
            )
            #expect(typed.contains("got hello\r\n24 80\r\n"), "\(typed)")
            // The one that passes its terminal on has one itself: that of a run.
            let up = try Fifo(estate.folder.path + "/up")
            let shell = "trap 'stty size; exit 7' WINCH; echo >\(up.path); while :; do read x; echo read $x; done"
            let command: JSON = [
                .string(Products.reeve), "--socket", .string(estate.socketPath), "run", "-t", "--", "sh", "-c",
                .string(shell),
            ]
            let step: JSON = ["name": "main", "command": command, "terminal": [:]]
            try await daemon.call("task.put", ["task": ["id": "outer", "steps": [step]]])
            try await daemon.call("task.run", ["task": "outer"])
            _ = try await up.line()
            // Its own run has begun: the size of its window is passed on from now on.
            try await daemon.call("run.input", ["run": "outer/1", "data": "word\r"])
            var text = ""
            while !text.contains("read word") {
                text = try await daemon.call("run.output", ["run": "outer/1", "wait": "10s"])["data"]?.string ?? ""
            }
            try await daemon.call("run.resize", ["run": "outer/1", "columns": 132, "rows": 43])
            let run = try await daemon.call("run.wait", ["run": "outer/1", "deadline": "60s"])["run"]
            #expect(run?[at: "steps", "0", "exitCode"] == 7, "\(run?.text ?? "")")
            text = try await daemon.call("run.output", ["run": "outer/1"])["data"]?.string ?? ""
            #expect(text.contains("43 132"), "\(text)")
            #expect(
                try await daemon.reeve("run", "-t", "-d", "--", "true", code: 125).contains("-t passes a terminal on")
            )
            #expect(try await daemon.stopped() == .exited(0), "\(estate.log)")
        }
    }
}
