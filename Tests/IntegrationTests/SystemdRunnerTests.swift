import JSON
import TestSupport
import Testing

/// Runs as transient units of a real systemd.
@Suite(
    .serialized,
    .timeLimit(.minutes(5)),
    .enabled(if: SystemdHost.isPossible, "needs root, systemd, util-linux and cgroup version 2")
)
struct SystemdRunnerTests {
    /// Its script tells when it has come to a place, and goes on when it is told to.
    private static let long = #"""
        tasks:
          - id: long
            runner: systemd
            environment: {ODD: "a\"b$HOME\\ `c` %n\nd"}
            script: |
              echo "$ODD"; echo oops >&2; echo > /run/come; read x < /run/go
              echo second; echo > /run/come; read x < /run/go
              head -c 50000 /dev/zero | tr '\0' z; echo; echo last >&2; exit 7
        """#

    /// An agent that starts says so where it is held, and waits until it is let go.
    private static let held = """
        [Service]
        ExecStartPre=/bin/sh -c 'if test -p /run/hold; then echo > /run/held; read x < /run/hold; fi'

        """

    private static func inside(tasks: String, dropIn: String = "", _ script: String) async throws -> String {
        let folder = try TemporaryFolder()
        try writeFile(folder.path + "/tasks.yaml", tasks)
        let beginning = """
            mkfifo --mode=666 /run/come /run/go
            come() { read -r line < /run/come; }
            go() { echo > /run/go; }
            unit() { systemctl list-units --plain --no-legend --all 'reeve-run-*' | cut -d' ' -f1; }
            held() { read -r line < /run/held; }
            # Who is told by a step that it has started is not told that it is on record.
            runs() {
                grep --quiet --max-count=1 'is running' < <(reeve events --follow --after 0 --lane "task:$1" \
                    --type dev.reeve.run.progress)
            }
            # A unit goes when the end of its run is on record, not before.
            gone() { until test -z "$(unit)"; do :; done; echo "units: none"; }
            answer() { reeve call run.get '{"run": "'"$1"'"}'; }
            output() { reeve call run.output '{"run": "'"$1"'", "stream": "'"$2"'"}'; }
            reeve apply -f \(folder.path)/tasks.yaml >&2

            """
        return try await SystemdHost.inside(folder: folder, dropIn: dropIn, beginning + script)
    }

    @Test func `a run goes on while the agent's program is replaced, and while none is there: nothing of it is lost`()
        async throws
    {
        let said = try await Self.inside(
            tasks: Self.long,
            dropIn: Self.held,
            """
            reeve run -d long
            come
            runs long
            old=$(systemctl show --property=MainPID --value reeve.service)
            cp /usr/bin/reeved /usr/bin/reeved.new && mv /usr/bin/reeved.new /usr/bin/reeved
            systemctl restart reeve.service
            answer long/1
            go
            come
            mkfifo /run/hold /run/held
            # The next agent is held back until the run has ended.
            systemctl restart --no-block reeve.service
            held
            go
            grep --quiet --max-count=1 'Failed with result' < <(journalctl --follow --lines=all --unit "$(unit)")
            echo > /run/hold
            rm /run/hold /run/held
            reeve wait long/1 || echo "code $?"
            answer long/1
            output long/1 stdout
            output long/1 stderr
            test "$old" != "$(systemctl show --property=MainPID --value reeve.service)"
            gone
            """
        )
        let answers = said.split(separator: "\n").compactMap { try? JSON(parsing: String($0)) }
        try #require(answers.count == 4, "\(said)")
        let (before, after) = (step(answers[0]), step(answers[1]))
        #expect(before?["status"] == "running" && before?["pid"] == after?["pid"], "\(said)")
        #expect(after?["exitCode"] == 7 && after?["attempt"] == 1, "\(said)")
        #expect(answers[1][at: "run", "outcome"] == "failed" && answers[1][at: "run", "runner"] == "systemd")
        let zeros = String(repeating: "z", count: 50_000)
        #expect(Self.text(answers[2]) == "a\"b$HOME\\ `c` %n\nd\nsecond\n\(zeros)\n")
        #expect(Self.text(answers[3]) == "oops\nlast\n")
        #expect(after?[at: "output", "dropped"] == 0 && after?[at: "output", "trouble"] == nil)
        #expect(said.contains("code 7\n") && said.contains("units: none\n"), "\(said)")
    }

    @Test func `after a crash of the agent the next one takes the run up`() async throws {
        let said = try await Self.inside(
            tasks: Self.long,
            """
            reeve run -d long
            come
            runs long
            systemctl kill --signal=KILL --kill-whom=main reeve.service
            go
            come
            answer long/1
            go
            reeve wait long/1 || echo "code $?"
            output long/1 stderr
            """
        )
        let answers = said.split(separator: "\n").compactMap { try? JSON(parsing: String($0)) }
        try #require(answers.count == 2, "\(said)")
        #expect(step(answers[0])?["status"] == "running", "\(said)")
        #expect(Self.text(answers[1]) == "oops\nlast\n" && said.contains("code 7\n"), "\(said)")
    }

    @Test func `a unit has what its task says, and ends as it is asked to, with all that it started`() async throws {
        let tasks = """
            tasks:
              - id: own
                runner: systemd
                user: nobody
                umask: "0027"
                nice: 5
                limits: {openFiles: 99, memory: 64MiB, tasks: 30}
                unit: {PrivateTmp: true, ProtectSystem: strict, CPUWeight: 50}
                stop: {grace: 1s}
                script: |
                  id -un; umask; nice; ulimit -n; ls /tmp | wc -l
                  trap '' TERM; (setsid sleep 600 &); echo > /run/come; read x < /run/go
            """
        let said = try await Self.inside(
            tasks: tasks,
            """
            touch /tmp/seen
            reeve run -d own
            come
            systemctl show --property=ProtectSystem,PrivateTmp,CPUWeight,MemoryMax,TasksMax,Environment "$(unit)"
            reeve stop own
            reeve wait own || true
            output own/1 stdout
            answer own/1
            echo "left: $(ps -eo args | grep -c '[s]leep 600')" || true
            gone
            """
        )
        let answers = said.split(separator: "\n").compactMap { try? JSON(parsing: String($0)) }.filter {
            $0.object != nil
        }
        try #require(answers.count == 2, "\(said)")
        #expect(Self.text(answers[0]) == "nobody\n0027\n5\n99\n0\n", "\(said)")
        let step = self.step(answers[1])
        #expect(step?["signal"] == 9 && answers[1][at: "run", "outcome"] == "canceled", "\(said)")
        let lines = Set(said.split(separator: "\n").map(String.init))
        for line in [
            "ProtectSystem=strict", "PrivateTmp=yes", "CPUWeight=50", "MemoryMax=67108864", "TasksMax=30",
            "Environment=", "left: 0", "units: none",
        ] { #expect(lines.contains(line), "\(said)") }
    }

    @Test func `what cannot start says why, and leaves nothing`() async throws {
        let tasks = """
            tasks:
              - {id: none, runner: systemd, command: [/no/such]}
              - {id: closed, runner: systemd, command: ["true"], workingDirectory: /no/folder}
              - {id: bad, runner: systemd, command: [/run/bad]}
            """
        let said = try await Self.inside(
            tasks: tasks,
            #"""
            printf '#!/no/shell\n' > /run/bad; chmod 755 /run/bad
            for task in none closed bad; do
                reeve run -d $task >&2; reeve wait $task >&2 || true; answer $task/1
            done
            gone
            """#
        )
        let answers = said.split(separator: "\n").compactMap { try? JSON(parsing: String($0)) }
        try #require(answers.count == 3, "\(said)")
        let steps = answers.compactMap { step($0) }
        #expect(steps.map { $0["cause"]?.string } == ["notFound", "startFailed", "notFound"], "\(said)")
        #expect(steps[0]["reason"]?.string == "cannot execute /no/such: no such file or directory")
        #expect(steps[1]["reason"]?.string?.hasPrefix("cannot enter the folder /no/folder") == true, "\(said)")
        #expect(steps[2]["reason"]?.string?.hasPrefix("cannot execute /run/bad") == true, "\(said)")
        #expect(said.contains("units: none\n"), "\(said)")
    }

    @Test func `what ends at once has its own end, and nothing is left when the agent stops`() async throws {
        let tasks = """
            tasks:
              - {id: quick, runner: systemd, overlap: allow(20), script: "echo out; exit 3"}
              - {id: killed, runner: systemd, script: "kill -KILL $$"}
              - {id: stopped, runner: systemd, onAgentStop: stop, script: "echo > /run/come; exec sleep 600"}
            """
        let said = try await Self.inside(
            tasks: tasks,
            """
            for number in {1..20}; do reeve run -d quick >&2; done
            reeve run -d killed >&2
            for number in {1..20}; do reeve wait quick/$number || true; done
            reeve wait killed || true
            reeve runs -n 30 quick
            answer killed/1
            reeve run -d stopped >&2
            come
            systemctl stop reeve.service
            gone
            systemctl start reeve.service
            answer stopped/1
            """
        )
        let lines = said.split(separator: "\n")
        #expect(lines.count { $0.hasPrefix("quick/") && $0.hasSuffix("exited with 3") } == 20, "\(said)")
        let answers = lines.compactMap { try? JSON(parsing: String($0)) }
        try #require(answers.count == 2, "\(said)")
        #expect(step(answers[0])?["signal"] == 9, "\(said)")
        #expect(answers[1][at: "run", "cause"] == "agentStopped" && said.contains("units: none\n"), "\(said)")
    }

    @Test func `a reload of systemd, and its own restart, harm no run`() async throws {
        let said = try await Self.inside(
            tasks: Self.long,
            """
            reeve run -d long
            come
            runs long
            systemctl daemon-reload
            systemctl restart reeve.service
            go
            come
            systemctl daemon-reexec
            answer long/1
            go
            reeve wait long/1 || echo "code $?"
            output long/1 stderr
            gone
            """
        )
        let answers = said.split(separator: "\n").compactMap { try? JSON(parsing: String($0)) }
        try #require(answers.count == 2, "\(said)")
        #expect(step(answers[0])?["status"] == "running", "\(said)")
        #expect(Self.text(answers[1]) == "oops\nlast\n" && said.contains("code 7\n"), "\(said)")
        #expect(said.contains("units: none\n"), "\(said)")
    }

    @Test func `what a step says of itself while no agent is there is heard by the next`() async throws {
        let tasks = """
            tasks:
              - id: late
                runner: systemd
                user: nobody
                steps:
                  - name: main
                    ready: {notify: true}
                    command:
                      - python3
                      - -c
                      - |
                        import os, socket
                        def come(): open("/run/come", "w").write("\\n")
                        def go(): open("/run/go").readline()
                        come(); go()
                        told = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
                        told.sendto(b"READY=1", os.environ["NOTIFY_SOCKET"])
                        come(); go()
                  - {name: after, requires: [{step: main, condition: ready}], script: "echo > /run/come"}
            """
        let said = try await Self.inside(
            tasks: tasks,
            dropIn: Self.held,
            """
            reeve run -d late
            come
            runs late
            mkfifo /run/hold /run/held
            systemctl restart --no-block reeve.service
            held
            go
            come
            echo > /run/hold
            rm /run/hold /run/held
            come
            go
            reeve wait late && echo good
            """
        )
        #expect(said.contains("good\n"), "\(said)")
    }

    @Test func `a step that says when it is ready, reads a text and is followed by another`() async throws {
        let tasks = """
            tasks:
              - id: two
                runner: systemd
                steps:
                  - name: db
                    essential: false
                    ready: {notify: true}
                    input: "given\\n"
                    script: "read x; echo got $x; systemd-notify --ready; read y < /run/go"
                  - name: job
                    requires: [{step: db, condition: ready}]
                    script: "echo > /run/come; echo done"
            """
        let said = try await Self.inside(
            tasks: tasks,
            """
            reeve run -d two
            come
            answer two/1
            go
            reeve wait two
            reeve logs two
            reeve runs two
            """
        )
        let answer = try #require(said.split(separator: "\n").compactMap { try? JSON(parsing: String($0)) }.first)
        #expect(step(answer)?["readyAt"] != nil, "\(said)")
        #expect(said.contains("got given\n") && said.contains("done\n") && said.contains("succeeded"), "\(said)")
    }

    private func step(_ answer: JSON, _ index: Int = 0) -> JSON? {
        let steps = answer[at: "run", "steps"]?.array ?? []
        return steps.indices.contains(index) ? steps[index] : nil
    }

    private static func text(_ answer: JSON) -> String? {
        answer["data"]?.string ?? answer["chunks"]?.array?.compactMap { $0["data"]?.string }.joined()
    }
}
