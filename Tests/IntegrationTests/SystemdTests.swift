import JSON
import TestSupport
import Testing

/// The shipped units under a real systemd, as process 1 of name spaces of its own.
@Suite(
    .serialized,
    .timeLimit(.minutes(5)),
    .enabled(if: SystemdHost.isPossible, "needs root, systemd, util-linux and cgroup version 2")
)
struct SystemdTests {
    @Test func `the first connection starts the service and is answered, and the journal has fields`() async throws {
        let said = try await SystemdHost.inside(
            """
            systemctl is-active reeve.service && exit 1
            reeve call agent.ping >&2
            # It is answered as soon as there is somebody; all parts are there when the job of its start has ended.
            systemctl start reeve.service
            reeve call agent.status
            systemctl show --property=MainPID,ActiveState,StatusText reeve.service
            journalctl --unit reeve.service --output json --no-pager
            """
        )
        let lines = said.split(separator: "\n").map(String.init)
        #expect(lines.first == "inactive")
        let answers = lines.compactMap { try? JSON(parsing: $0) }
        let status = try #require(answers.first { $0["sockets"] != nil })
        let pid = try #require(status["pid"]?.integer)
        #expect(status["ready"] == true && status["sockets"] == ["/run/reeve/reeve.sock"])
        #expect(lines.contains("MainPID=\(pid)") && lines.contains("ActiveState=active"))
        #expect(lines.contains { $0.hasPrefix("StatusText=0 tasks, 0 runs") })
        let entries = lines.compactMap { try? JSON(parsing: $0) }
        let start = try #require(entries.first { $0["REEVE_TEXT"]?.string?.hasSuffix(" starts") ?? false })
        #expect(start["REEVE_STATE_DIRECTORY"] == "/var/lib/reeve")
        #expect(start["PRIORITY"] == "5" && start["SYSLOG_IDENTIFIER"] == "reeved")
        #expect(start["_PID"]?.string == "\(pid)" && start["_SYSTEMD_UNIT"] == "reeve.service")
    }

    @Test func `systemctl status says how things stand`() async throws {
        // The first client is served at once, whatever it asks for.
        let said = try await SystemdHost.inside(
            """
            reeve add job --cron '0 3 * * *' -- true
            systemctl restart reeve.service
            # When it is due is known soon after, and nobody tells of a changed status.
            until systemctl --no-pager status reeve.service | grep "next job"; do :; done
            reeve add other -- true
            until systemctl --no-pager status reeve.service | grep "2 tasks"; do :; done
            """
        )
        let line = said.split(separator: "\n").first { $0.contains("Status: ") }
        #expect(line?.contains("\"1 tasks, 0 runs, next job at 20") ?? false, "\(said)")
    }

    @Test func `systemctl reload has the configuration read again, and fails where that is bad`() async throws {
        let said = try await SystemdHost.inside(
            """
            reeve status >/dev/null
            mkdir -p /etc/reeve
            echo 'runner: {concurrency: 3}' > /etc/reeve/reeve.yaml
            systemctl reload reeve.service
            reeve group ls
            echo 'runner: {concurrency: 0}' > /etc/reeve/reeve.yaml
            systemctl reload reeve.service && echo taken
            systemctl is-active reeve.service
            journalctl --sync
            journalctl -u reeve.service -o cat | grep 'must be from 1'
            """
        )
        #expect(said.contains("*\t3\t"), "\(said)")
        #expect(!said.contains("taken") && said.contains("active\n"), "\(said)")
        #expect(said.contains("/etc/reeve/reeve.yaml:1:"), "\(said)")
    }

    @Test func `a hung agent is killed by the watchdog and started again`() async throws {
        let said = try await SystemdHost.inside(
            dropIn: "[Service]\nWatchdogSec=2s\nTimeoutAbortSec=1s\n",
            """
            reeve call agent.status
            kill -STOP "$(systemctl show --property=MainPID --value reeve.service)"
            grep --max-count=1 'Main process exited' < <(journalctl --follow --unit reeve.service)
            # Nobody is there yet: it waits for the next.
            reeve call agent.status
            systemctl show --property=NRestarts reeve.service
            journalctl --unit reeve.service --no-pager
            """
        )
        let answers = said.split(separator: "\n").compactMap { try? JSON(parsing: String($0)) }
        let pids = answers.compactMap { $0["pid"]?.integer }
        #expect(pids.count == 2 && pids.first != pids.last)
        #expect(said.contains("NRestarts=1"))
        #expect(said.contains("Watchdog timeout"))
    }

    @Test func `a stop ends runs and delivers what there is, with a key from a credential`() async throws {
        try await WebhookReceiver.running { receiver in
            let folder = try TemporaryFolder()
            var endpoint = try #require(receiver.endpoint().object)
            endpoint["secret"] = ["credential": "ops-key"]
            try writeFile(folder.path + "/key", receiver.secret)
            let said = try await SystemdHost.inside(
                folder: folder,
                dropIn: "[Service]\nLoadCredential=ops-key:\(folder.path)/key\n",
                """
                reeve call endpoint.put '\(JSON.object(["endpoint": .object(endpoint)]).text)'
                mkfifo /run/started
                reeve add job -c 'echo here > /run/started; exec sleep 600'
                reeve run -d job
                read -r line < /run/started
                for number in {1..10}; do reeve publish --type order.paid --id "$number" '{}'; done
                systemctl stop reeve.service
                test "$(systemctl show --property=Result --value reeve.service)" = success
                test -S /run/reeve/reeve.sock
                journalctl --unit reeve.service --no-pager
                """
            )
            let check = WebhookReceiver.Check(receiver.records, secret: receiver.secret)
            #expect(check.problems == [])
            let events = receiver.records.filter(\.isDelivered).compactMap(\.request.event)
            #expect(events.compactMap { $0["publisherid"]?.string } == (1...10).map(String.init), "\(said)")
            let end = try #require(events.first { $0["type"] == "dev.reeve.run.canceled" })
            #expect(end[at: "data", "cause"] == "agentStopped")
        }
    }

    @Test func `services that speak sd_notify are kept below it, and end with it in order`() async throws {
        let said = try await SystemdHost.inside(
            """
            reeve service add db --ready-notify -c 'trap "echo db; exit 0" TERM
                systemd-notify --ready --status=serving
                while :; do sleep 0.1; done'
            reeve service add web --requires db -c 'trap "echo web; exit 0" TERM; while :; do sleep 0.1; done'
            reeve call service.get '{"service": "db"}'
            old=$(reeve call service.get '{"service": "web"}')
            systemctl restart reeve.service
            reeve service wait web
            new=$(reeve call service.get '{"service": "web"}')
            printf '%s\n' "$old" "$new"
            systemctl show --property=StatusText reeve.service
            reeve call service.logs '{"service": "db"}'
            reeve call event.list '{"type": "dev.reeve.service.stopped"}'
            systemctl stop reeve.service
            test "$(systemctl show --property=Result --value reeve.service)" = success
            systemctl show --property=ActiveState reeve.service
            """
        )
        let answers = said.split(separator: "\n").compactMap { try? JSON(parsing: String($0)) }
        try #require(answers.count == 5, "\(said)")
        #expect(answers[0]["status"] == "running" && answers[0]["text"] == "serving", "\(said)")
        #expect(answers[1]["pid"] != answers[2]["pid"] && answers[2]["starts"] == 2, "\(said)")
        #expect(answers[3]["data"]?.string?.hasSuffix("db\n") == true)
        let stopped = answers[4]["events"]?.array ?? []
        #expect(stopped.map { $0["subject"]?.string } == ["web", "db"], "\(said)")
        #expect(stopped.allSatisfy { $0[at: "data", "cause"] == "agentStopped" }, "\(said)")
        #expect(said.contains("0 tasks, 0 runs, 2 services") && said.contains("ActiveState=inactive"), "\(said)")
    }

    @Test func `the socket outlives a restart, and who connects meanwhile just waits`() async throws {
        let said = try await SystemdHost.inside(
            """
            reeve call agent.status
            mkfifo /run/started /run/ending /run/end
            reeve add job --replace -c 'trap "echo > /run/ending; read -r line < /run/end; exit 0" TERM
                echo > /run/started
                while :; do sleep 0.1; done'
            reeve run -d job
            read -r line < /run/started
            inode=$(stat --format=%i /run/reeve/reeve.sock)
            systemctl restart --no-block reeve.service
            # The run is being ended: nobody takes connections now.
            read -r line < /run/ending
            reeve call agent.status & asked=$!
            echo > /run/end
            wait $asked
            test "$inode" = "$(stat --format=%i /run/reeve/reeve.sock)"
            """
        )
        let answers = said.split(separator: "\n").compactMap { try? JSON(parsing: String($0)) }
        let pids = answers.compactMap { $0["pid"]?.integer }
        #expect(pids.count == 2 && pids.first != pids.last, "\(said)")
    }
}
