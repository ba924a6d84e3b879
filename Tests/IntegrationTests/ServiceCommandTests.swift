import Glibc
import Testing
import TestSupport

/// `reeve service …` and `reeve engine`, with both real programs.
@Suite(.timeLimit(.minutes(5)))
struct ServiceCommandTests {
    private static func service(
        _ daemon: Daemon,
        _ arguments: String...,
        code: CInt = 0,
        editor: String = "false"
    ) async throws -> String {
        try await daemon.reeve(["service"] + arguments, code: code, editor: editor)
    }

    /// Its process says `NAME warned`, then `NAME up`, by which it is ready.
    private static func add(_ daemon: Daemon, _ name: String, _ options: [String] = []) async throws {
        let line = "echo \(name) warned >&2; echo \(name) up; exec sleep 600"
        let told = try await daemon.reeve(
            ["service", "add", name, "--wait", "60s", "--ready-log", "up", "-c", line] + options
        )
        #expect(told.hasPrefix("\(name): added, running, pid "))
    }

    /// Name and status of each.
    private static func list(_ daemon: Daemon) async throws -> [String] {
        try await service(daemon, "ls").split(separator: "\n").map { line in
            line.split(separator: "\t").prefix(2).joined(separator: " ")
        }
    }

    private static func running(_ body: (Daemon) async throws -> Void) async throws {
        let estate = try Estate()
        try await estate.running { daemon in
            try await body(daemon)
            // In order, so that this test leaves no process behind.
            #expect(try await daemon.stopped() == .exited(0), "\(estate.log)")
        }
    }

    @Test func `a service is added, shown, stopped, started, restarted and removed`() async throws {
        try await Self.running { daemon in
            let none = try await daemon.reeve(["service"])
            #expect(none == "no services; add one with: reeve service add NAME -- COMMAND\n")
            try await Self.add(daemon, "db")
            try await Self.add(daemon, "web", ["--requires", "db"])
            let again = try await Self.service(daemon, "add", "db", "--", "true", code: 1)
            #expect(again.contains("there is a service \"db\" already\n"))
            let failed = try await Self.service(
                daemon,
                "add",
                "bad",
                "--restart",
                "never",
                "--wait",
                "60s",
                "-c",
                "exit 3",
                code: 1
            )
            #expect(
                failed == """
                    bad: added, failed
                      bad has failed and is given up until it is started by hand or the agent starts anew: exited with 3

                    """
            )
            #expect(try await Self.list(daemon) == ["bad failed", "db running", "web running"])

            let shown = try await Self.service(daemon, "show", "web")
            #expect(shown.contains("# status:    running\n"))
            #expect(shown.contains("\nname: web\n"))
            #expect(shown.contains("\nrequires: [db]\n"))

            let stopped = try await Self.service(daemon, "stop", "db", "--wait", "60s", "--reason", "new disk")
            #expect(stopped == "db: stopped\n  what requires it waits now: web\n")
            let why = """
                web waits for db to be ready
                db stands still until it is started by hand: it was stopped by uid:\(geteuid()): new disk

                """
            #expect(try await Self.service(daemon, "why", "web") == why)
            #expect(try await daemon.reeve(["why", "web"]) == why)

            let started = try await Self.service(daemon, "start", "db", "--wait", "60s")
            #expect(started.hasPrefix("db: running, pid "))
            let ready = try await Self.service(daemon, "wait", "web", "--until", "ready", "--deadline", "60s")
            #expect(ready.hasPrefix("web: running, pid "))
            let restarted = try await Self.service(daemon, "restart", "web", "--wait", "60s")
            #expect(restarted.hasPrefix("web: restarted, running, pid "))
            let asked = try await Self.service(daemon, "stop", "db", "--detach")
            #expect(asked == "db: asked to stop\n  what requires it stops first, and waits then: web\n")

            let removed = try await Self.service(daemon, "rm", "web", "db", "bad")
            #expect(removed == "web: removed\ndb: removed\nbad: removed\n")
            while try await daemon.reeve(["service"]) != none {}
        }
    }

    @Test func `what services wrote is printed, and followed until one is removed`() async throws {
        try await Self.running { daemon in
            let estate = daemon.estate
            try await Self.add(daemon, "db")
            try await Self.add(daemon, "web")
            _ = try await Self.service(daemon, "stop", "db", "web", "--wait", "60s")
            #expect(try await Self.service(daemon, "logs", "db", "--stream", "stdout") == "db up\n")
            #expect(try await daemon.reeve(["logs", "db", "--stream", "stderr"]) == "db warned\n")
            #expect(try await Self.service(daemon, "logs", "-n", "0", "db") == "")
            let both = try await Self.service(daemon, "logs", "-n", "1", "db", "web", "--stream", "stdout")
            #expect(both == "db\tdb up\nweb\tweb up\n")
            let piece = try await Self.service(daemon, "logs", "-n", "1", "db", "--stream", "stdout", "--json")
            #expect(piece.hasSuffix(#","data":"db up\n","encoding":"utf8"}"# + "\n"))

            _ = try await Self.service(daemon, "add", "tick", "-d", "-c", "while echo tick; do sleep 0.1; done")
            let seen = try Fifo(estate.folder.path + "/seen")
            let follow = "\(Products.reeve) --socket \(estate.socketPath) service logs -f -n 0 tick 2>&1"
            async let followed = Child.run(
                ["/bin/sh", "-c", "\(follow) | { read line; echo $line > \(seen.path); tail -n 1; }"],
                in: estate.folder
            )
            // It comes by following: so the follower is there.
            #expect(try await seen.line() == "tick")
            _ = try await Self.service(daemon, "rm", "tick")
            #expect(try await followed.output == "reeve: tick was removed\n")
        }
    }

    @Test func `services are changed in an editor and put from files`() async throws {
        try await Self.running { daemon in
            let folder = daemon.estate.folder.path
            try await Self.add(daemon, "web")
            let same = try await Self.service(daemon, "edit", "web", editor: "true")
            #expect(same == "web: nothing changed\n")
            let edit = "sed -i s/600/601/"
            let changed = try await Self.service(daemon, "edit", "web", "--wait", "60s", editor: edit)
            #expect(changed.hasPrefix("web: changed, running, pid "))
            #expect(try await Self.service(daemon, "show", "web").contains("exec sleep 601"))
            // Somebody else changes it while the editor is open.
            try writeFile(
                folder + "/editor",
                """
                #!/bin/sh
                \(Products.reeve) --socket \(daemon.estate.socketPath) service add web --replace -d -- sleep 602
                sed -i s/601/603/ "$1"
                """,
                mode: 0o700
            )
            let late = try await Self.service(daemon, "edit", "web", code: 1, editor: folder + "/editor")
            #expect(late.contains("reeve: service \"web\" has revision 3, not 2\n"))
            #expect(try await Self.service(daemon, "show", "web").contains("command: [sleep, \"602\"]"))

            let file = folder + "/once.yaml"
            try writeFile(file, "command: [/bin/true]\nrestart: never\n")
            let planned = try await Self.service(daemon, "apply", "-f", file, "--dry-run")
            #expect(planned == "once\tcreated\nnothing was changed (--dry-run)\n")
            #expect(try await Self.service(daemon, "apply", "-f", file) == "once\tcreated\n")
            #expect(try await Self.service(daemon, "apply", "-f", file) == "once\tsame\n")
            let done = try await Self.service(daemon, "wait", "once", "--deadline", "60s")
            #expect(done == "once: completed: exited with 0\n")
        }
    }

    @Test func `the engine's tree has the services in it, and what is wrong with their files`() async throws {
        try await Self.running { daemon in
            try await Self.add(daemon, "web")
            let folder = daemon.estate.folder.path + "/services.d"
            mkdir(folder, 0o755)
            try writeFile(folder + "/bad.yaml", "command: 5\n")
            var tree = ""
            repeat { tree = try await daemon.reeve(["engine"]) } while !tree.contains("bad.yaml:1:1: /command: ")
            let lines = tree.split(separator: "\n")
            #expect(
                lines.contains { $0.hasPrefix("folders\tstarted\t1\t") && $0.contains("/bad.yaml:1:1: /command: ") }
            )
            #expect(lines.contains { $0.hasPrefix("services/web\tstarted\t1\t") })
        }
    }

    @Test func `the engine's tree says what is broken, when it is tried again, and who waits for it`() async throws {
        try await Self.running { daemon in
            try await Self.add(daemon, "web")
            let database = daemon.estate.folder.path + "/state/reeve.db"
            #expect(rename(database, database + ".away") == 0 && mkdir(database, 0o700) == 0)
            _ = try await daemon.reeve(["engine", "--restart", "store"])
            var lines: [String] = []
            repeat {
                lines = try await daemon.reeve(["engine"]).split(separator: "\n").map(String.init)
            } while !lines.contains { $0.hasPrefix("runner\tstopped\t1\t-\tstore") }
            #expect(lines.contains("store\tstopped\t1\t-\t-\tcannot open \(database): Is a directory"))
            #expect(lines.contains("scheduler\tstopped\t1\t-\tstore,zones\t-"))
            // What a service's process is does not hang on it.
            #expect(lines.contains { $0.hasPrefix("services/web\tstarted\t1\t") })
            #expect(rmdir(database) == 0 && rename(database + ".away", database) == 0)
            repeat {
                lines = try await daemon.reeve(["engine"]).split(separator: "\n").map(String.init)
            } while !lines.contains { $0.hasPrefix("runner\tstarted\t2\t") }
            #expect(lines.contains { $0.hasPrefix("store\tstarted\t2\t") })
        }
    }
}
