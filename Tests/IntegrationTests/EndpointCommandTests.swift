import Glibc
import JSON
import JSONRPC
import TestSupport
import Testing

/// `reeve endpoint` and `reeve top` beside a real daemon, and what needs a process of its own.
@Suite(.timeLimit(.minutes(5)))
struct EndpointCommandTests {
    @Test func `endpoints of every kind are added, listed, muted and rotated from the command line`() async throws {
        try await WebhookReceiver.running { receiver in
            let estate = try Estate()
            try await estate.running { daemon in
                let added = try await daemon.reeve(
                    "endpoint",
                    "add",
                    "chat",
                    receiver.url,
                    "--slack",
                    "--only",
                    "failures"
                )
                #expect(added.contains("chat: added"))
                _ = try await daemon.reeve(
                    "endpoint",
                    "add",
                    "log",
                    "--to-file",
                    estate.folder.path + "/events",
                    "--rotate",
                    "1MiB"
                )
                _ = try await daemon.reeve("endpoint", "add", "work", "--queue", "--type", "order.*")
                let command = [
                    "endpoint", "add", "mail", "--command", "--only", "failures", "--text", "--", "/bin/cat",
                ]
                _ = try await daemon.reeve(command)
                let secret = try await daemon.reeve("endpoint", "rotate", "chat")
                #expect(secret.contains("whsec_"))
                _ = try await daemon.reeve("add", "backup", "-c", "echo no space left; exit 2")
                _ = try await daemon.reeve("run", "backup", code: 2)
                _ = try await daemon.reeve("flush", "--deadline", "60s")
                let body = receiver.records.first?.request.event?["text"]?.string ?? ""
                #expect(receiver.records.count == 1 && body.hasSuffix("```\nno space left\n```"), "\(body)")
                _ = try await daemon.reeve("endpoint", "mute", "log", "--for", "30m", "--reason", "deployment")
                let rows = try await daemon.reeve("endpoint", "ls").split(separator: "\n").map { line in
                    line.split(separator: "\t").map(String.init)
                }
                #expect(
                    rows.map { Array($0.prefix(3)) } == [
                        ["chat", "webhook", "active"], ["log", "file", "active, muted"], ["mail", "command", "active"],
                        ["work", "queue", "active"],
                    ]
                )
                #expect(rows.allSatisfy { $0.count == 11 })
                #expect(rows[1].last == estate.folder.path + "/events" && rows[2].last == "/bin/cat")
                _ = try await daemon.reeve("endpoint", "resume", "log")
                let tested = try await daemon.reeve("endpoint", "test", "mail")
                #expect(tested.contains("mail: delivered") && tested.contains("a test of endpoint mail"), "\(tested)")
                let top = try await daemon.reeve("top").split(separator: "\n").map { $0.split(separator: "\t") }
                #expect(top.first?.prefix(1) == ["agent"])
                #expect(top.filter { $0[0] == "endpoint" }.map { $0[1] } == ["chat", "log", "mail", "work"])
            }
        }
    }

    @Test func `set changes what is named, edit what is saved, and add --replace says what is gone`() async throws {
        let estate = try Estate()
        try await estate.running { daemon in
            func endpoint() async throws -> JSON? {
                try await daemon.call("endpoint.get", ["endpoint": "ops"])["endpoint"]
            }
            _ = try await daemon.reeve(
                ["endpoint", "add", "ops", "http://127.0.0.1:1/a", "--generate-secret", "--header", "x-a=1"]
                    + ["--type", "order.*", "--timeout", "5s"]
            )
            let refused = try await daemon.reeve("endpoint", "add", "ops", "http://127.0.0.1:1/b", code: 1)
            #expect(refused.contains("reeve endpoint set ops"), "\(refused)")
            let changed = try await daemon.reeve("endpoint", "set", "ops", "http://127.0.0.1:1/b", "--timeout", "6s")
            #expect(changed.contains("ops: changed, goes on where it was"), "\(changed)")
            #expect(
                try await endpoint() == [
                    "name": "ops", "kind": "webhook", "url": "http://127.0.0.1:1/b", "secret": "…",
                    "headers": ["x-a": "…"], "filter": ["types": ["order.*"]], "timeout": "6s",
                ]
            )
            _ = try await daemon.reeve("endpoint", "set", "ops", "--without", "filter")
            #expect(try await endpoint()?["filter"] == nil)
            for arguments in [["--without", "filter"], ["--timeout", "6s"]] {
                _ = try await daemon.reeve(["endpoint", "set", "ops"] + arguments, code: 2)
            }
            _ = try await daemon.reeve("endpoint", "set", "ops", "--queue", code: 1)
            _ = try await daemon.reeve(["endpoint", "edit", "ops"], editor: "sed -i s/6s/8s/")
            #expect(try await endpoint()?["timeout"] == "8s")
            // Somebody else changes it while the editor is open.
            let editor = estate.folder.path + "/editor"
            try writeFile(
                editor,
                """
                #!/bin/sh
                \(Products.reeve) --socket \(estate.socketPath) endpoint set ops --timeout 9s
                sed -i s/8s/7s/ "$1"
                """,
                mode: 0o700
            )
            let late = try await daemon.reeve(["endpoint", "edit", "ops"], code: 1, editor: editor)
            #expect(late.contains("reeve: endpoint \"ops\" was changed at "), "\(late)")
            #expect(try await endpoint()?["timeout"] == "9s")
            // What is shown is a definition.
            _ = try await daemon.shell("$reeve endpoint show ops > f && $reeve endpoint add ops -f f --replace")
            #expect(try await endpoint()?["secret"] == "…")
            let replaced = try await daemon.reeve("endpoint", "add", "ops", "http://127.0.0.1:1/b", "--replace")
            #expect(replaced.contains("it has no longer: secret, headers, timeout"), "\(replaced)")
            #expect(!replaced.contains("earlier changes"))
        }
    }

    @Test func `what belongs to the configuration is not opened in an editor`() async throws {
        let estate = try Estate(configuration: "endpoints: [{name: ops, kind: queue}]\n")
        try await estate.running { daemon in
            // An editor that was opened would fail with something else.
            let refused = try await daemon.reeve(["endpoint", "edit", "ops"], code: 1, editor: "false")
            #expect(
                refused.contains("endpoint \"ops\" belongs to the agent's configuration and can be changed only there"),
                "\(refused)"
            )
        }
    }

    @Test func `what waits in a queue is shown, followed, and stays there`() async throws {
        let estate = try Estate()
        try await estate.running { daemon in
            _ = try await daemon.reeve("endpoint", "add", "work", "--queue", "--type", "order.*")
            #expect(try await daemon.reeve("events", "--as", "work").contains("nothing waits in work"))
            for number in 1...3 {
                _ = try await daemon.shell("$reeve publish --type order.paid --subject s\(number) '{}'")
                _ = try await daemon.shell("$reeve publish --type other '{}'")
            }
            func lanes(_ arguments: String...) async throws -> [String] {
                let rows = try await daemon.reeve(["events", "--as", "work"] + arguments).split(separator: "\n")
                return rows.compactMap { $0.split(separator: "\t").dropFirst(2).first.map(String.init) }
            }
            for _ in 0..<2 { #expect(try await lanes() == ["event:s1", "event:s2", "event:s3"]) }
            #expect(try await lanes("-n", "2") == ["event:s1", "event:s2"])
            let first = try await daemon.call("event.list", ["as": "work", "limit": 1])["next"]
            _ = try await daemon.call("endpoint.commit", ["endpoint": "work", "seq": first ?? .null])
            #expect(try await lanes() == ["event:s2", "event:s3"])
            let followed = try await daemon.shell(
                """
                mkfifo f; $reeve events -f --as work >f & follower=$!; exec 3<f
                read -r one <&3; read -r two <&3; $reeve publish --type order.paid --subject s4 '{}' >published
                read -r three <&3; kill $follower; echo "$one"; echo "$two"; echo "$three"
                """
            )
            let seen = followed.split(separator: "\n").map { $0.split(separator: "\t").dropFirst(2).first }
            #expect(seen == ["event:s2", "event:s3", "event:s4"], "\(followed)")
            _ = try await daemon.reeve("endpoint", "add", "log", "--to-file", estate.folder.path + "/events")
            let refused = try await daemon.reeve("events", "--as", "log", code: 1)
            #expect(refused.contains("endpoint \"log\" is of kind file"), "\(refused)")
            _ = try await daemon.reeve("events", "--as", "work", "--type", "order.*", code: 2)
        }
    }

    @Test func `what is secret is in no log, status, event or dead letter, whatever fails`() async throws {
        let secrets = ["header-9f31", "variable-9f32", "whsec_OWYzMzlmMzM5ZjMzOWYzMzlmMzM5ZjMzOWYzMzlmMzM="]
        try await WebhookReceiver.running(decide: { _ in .status(400) }) { receiver in
            let estate = try Estate()
            try await estate.running { daemon in
                let retry: JSON = ["delay": "10ms", "maximum": "10ms", "limit": 2]
                let endpoints: [JSON] = [
                    [
                        "name": "refuses", "kind": "webhook", "url": .string(receiver.url), "retry": retry,
                        "secret": .string(secrets[2]), "headers": ["x-token": .string(secrets[0])],
                    ],
                    [
                        "name": "fails", "kind": "command", "command": ["/bin/false"], "retry": retry,
                        "environment": ["TOKEN": .string(secrets[1])],
                    ],
                    [
                        "name": "absent", "kind": "webhook", "url": "http://127.0.0.1:1/", "retry": retry,
                        "secret": .string(secrets[2]), "headers": ["x-token": .string(secrets[0])],
                    ],
                ]
                for endpoint in endpoints { try await daemon.call("endpoint.put", ["endpoint": endpoint]) }
                try await daemon.call("event.publish", ["events": [["type": "order.paid"]]])
                var (told, place) = (0, JSON.number("0"))
                while told < 2 {
                    let parameters: JSON = ["type": "dev.reeve.endpoint.refused", "after": place, "wait": "60s"]
                    let page = try await daemon.call("event.list", parameters)
                    told += page["events"]?.array?.count ?? 0
                    place = page["next"] ?? place
                }
                let answer = try await daemon.call("agent.flush", ["deadline": "1s"])
                var said = [answer.text]
                for command in [["endpoint", "ls"], ["status"], ["dead-letters", "ls"], ["events"], ["engine"], []] {
                    said.append(try await daemon.reeve(command))
                    said.append(try await daemon.reeve(command + ["--json"]))
                }
                for endpoint in endpoints.compactMap({ $0["name"]?.string }) {
                    said.append(try await daemon.reeve("endpoint", "show", endpoint))
                    said.append(try await daemon.reeve("endpoint", "why", endpoint))
                    let (_, output) = try await Child.run(
                        [Products.reeve, "--socket", estate.socketPath, "endpoint", "test", endpoint],
                        in: estate.folder
                    )
                    said.append(output)
                }
                #expect(try await daemon.stopped() == .exited(0))
                said.append(try readFile(estate.logPath))
                #expect(said.joined().contains("endpoint refused changes"))
                for secret in secrets { #expect(!said.contains { $0.contains(secret) }, "\(secret)") }
            }
        }
    }

    @Test func `the standard output of the daemon has the events as lines`() async throws {
        let estate = try Estate(
            configuration: "endpoints:\n- {name: out, kind: stdout, filter: {types: [\"order.*\"]}}\n"
        )
        try await estate.running { daemon in
            try await daemon.call("event.publish", ["events": [["type": "order.paid", "data": ["total": 12]]]])
            #expect(try await daemon.call("agent.flush", ["deadline": "60s"])["delivered"] == true)
            let lines = try readFile(estate.logPath).split(separator: "\n").filter { $0.hasPrefix("{\"specversion\"") }
            #expect(try lines.map { try JSON(parsing: String($0))["data"]?["total"] } == [12])
        }
    }

    @Test(.enabled(if: StorageTests.canMount, "needs root, to mount a small file system"))
    func `a full disk is the file endpoint's trouble, and when there is room every line is there once`() async throws {
        let estate = try Estate()
        let disk = estate.folder.path + "/disk"
        mkdir(disk, 0o755)
        // In a mount name space of its own; the agent's own state is elsewhere.
        let line =
            "mount -t tmpfs -o size=256k tmpfs \(disk) && head -c 200k /dev/zero > \(disk)/ballast && exec \"$@\""
        try await estate.running(wrapped: ["unshare", "--mount", "sh", "-c", line, "sh"]) { daemon in
            let endpoint: JSON = [
                "name": "log", "kind": "file", "path": .string(disk + "/events"), "filter": ["types": ["order.*"]],
                "retry": ["delay": "10ms", "maximum": "50ms"],
            ]
            try await daemon.call("endpoint.put", ["endpoint": endpoint])
            let client = try await daemon.connect()
            let changes = try await client.subscribe("event.subscribe", ["type": "dev.reeve.endpoint.opened"])
            let padding = JSON.string(String(repeating: "x", count: 2000))
            let events = (1...50).map { ["type": "order.paid", "id": .string("\($0)"), "data": padding] as JSON }
            try await daemon.call("event.publish", ["events": .array(events)])
            var reason = ""
            for try await message in changes {
                guard case .item(let event, _) = message else { continue }
                reason = event["data"]?["reason"]?.string ?? ""
                break
            }
            #expect(reason == "cannot write \(disk)/events: No space left on device", "\(reason)")
            await client.close()
            #expect(unlink("/proc/\(daemon.child.pid)/root\(disk)/ballast") == 0)
            #expect(try await daemon.call("agent.flush", ["deadline": "120s"])["delivered"] == true)
            let text = try readFile("/proc/\(daemon.child.pid)/root\(disk)/events")
            let ids = try text.split(separator: "\n").map { try JSON(parsing: String($0))["publisherid"]?.string }
            #expect(ids.count == 50 && Set(ids).count == 50, "\(ids)")
        }
    }
}
