import ReeveProtocol

extension OpenRPC {
    static var agentMethods: [MethodDescription] { [discover, ping, whoami, status, metrics, flush, reload] }

    private static var discover: MethodDescription {
        MethodDescription(
            "rpc.discover",
            .none,
            "This document",
            result: .open([
                .required("openrpc", .string, "the version of OpenRPC"),
                .required("methods", .list(of: .open([])), "what the agent answers"),
            ]),
            example: """
                {"params": {}, "result": {"openrpc": "1.3.2", "info": {"title": "reeve"}, "methods": [], \
                "components": {}}}
                """
        )
    }

    private static var ping: MethodDescription {
        MethodDescription(
            "agent.ping",
            .none,
            "The agent's time, touching nothing",
            result: .open([.required("time", .timestamp, "now, by the agent's clock")]),
            example: #"{"params": {}, "result": {"time": "2026-11-21T03:20:11.120Z"}}"#
        )
    }

    private static var whoami: MethodDescription {
        MethodDescription(
            "agent.whoami",
            .none,
            "Who the caller is, as the kernel says, and what it may do",
            result: .open([
                .required("uid", .count, "the user's number"),
                .required("user", Schema.string.orNull, "its name, if it has one"),
                .required("gid", .count, "the group's number"),
                .required("pid", .integer, "the process that connected"),
                .required("role", .openWord(Role.allCases.map(\.rawValue)), "what it may do"),
            ]),
            example: """
                {"params": {}, "result": {"uid": 0, "user": "root", "gid": 0, "pid": 4711, "role": "administer"}}
                """
        )
    }

    private static var status: MethodDescription {
        MethodDescription(
            "agent.status",
            .observe,
            "What the agent is, what it has to do, and what of it does not work",
            "Answers whatever is away: without a store its part is null.",
            parameters: [timeZone],
            result: .open(statusFields),
            example: """
                {"params": {"timeZone": "Europe/Berlin"}, "result": {"version": "0.1.0",
                 "id": "019367f2-7a5c-7c3e-9d2b-5f0e6a1b2c3d", "name": "web-7", "pid": 4242, "boot": "…",
                 "startedAt": "2026-11-21T03:00:00.000Z", "startedAtLocal": "2026-11-21T04:00:00+01:00", "uptime": "20m11s",
                 "ready": true, "state": "running", "sockets": ["/run/reeve/reeve.sock"], "timeZone": "UTC",
                 "cgroups": {"path": "/sys/fs/cgroup/unified", "controllers": [],
                             "reason": "the cgroup /sys/fs/cgroup/unified is without the controllers cpu, io, memory, pids"},
                 "output": {"used": 4096, "limit": 1073741824},
                 "store": {"path": "/var/lib/reeve/reeve.db", "size": 81920, "synchronous": "full",
                           "used": 73728, "retention": 1073741824, "budget": 4294967296,
                           "journal": {"head": 9, "oldest": 1, "heldBy": null}},
                 "counts": {"tasks": 1, "live": 0, "services": 2, "servicesReady": 2, "deadLetters": 0},
                 "due": {"task": "nightly-backup", "time": "2026-11-22T03:00:00.000Z"},
                 "endpoints": [{"name": "ops", "kind": "webhook", "source": "rpc", "by": "uid:0",
                  "changedAt": "2026-11-21T10:00:00.000Z", "paused": null, "muted": null, "state": "active", "pending": 0, "oldest": null,
                   "deadLetters": 0, "cursor": 9}],
                 "degraded": []}}
                """
        )
    }

    private static var metrics: MethodDescription {
        MethodDescription(
            "agent.metrics",
            .observe,
            "What is counted, as OpenMetrics",
            "Answers whatever is away: without a store its part is missing.",
            result: .open([
                .required("contentType", .string, "of the text, as OpenMetrics names it"),
                .required("text", .string, "all metrics, up to # EOF"),
            ]),
            example: #"""
                {"params": {}, "result": {"contentType": "application/openmetrics-text; version=1.0.0; charset=utf-8",
                 "text": "# TYPE reeve info\n# HELP reeve The agent.\nreeve_info{version=\"0.1.0\"} 1\n# EOF\n"}}
                """#
        )
    }

    private static var statusFields: [Field] {
        [
            .required("version", .string, "of reeve"),
            .required("id", Schema.uuid.orNull, "of this agent, for as long as its state directory lives"),
            .required("name", .string, "what it is called in events"),
            .required("pid", .integer(from: 1), "its process"),
            .required("boot", .string, "the kernel's id of this boot"),
            .required("startedAt", .timestamp, "when the process started"),
            .required("uptime", .duration, "since then"), .required("ready", .boolean, "whether all parts run"),
            .required("state", .openWord(["starting", "running", "stopping"]), "how it stands"),
            .required("sockets", .list(of: .string), "where it is reached"),
            .required("timeZone", .ref("TimeZone"), "of schedules that name none"),
            .required(
                "cgroups",
                .open([
                    .required("path", Schema.string.orNull, "the folder that was given to the agent; null: none was"),
                    .required(
                        "controllers",
                        .list(of: .string),
                        "by which it bounds and counts: memory, cpu, pids, io"
                    ),
                    .optional("reason", .string, "what cannot be had, and why"),
                ]),
                "whether each process gets a cgroup of its own, and which limits can be enforced"
            ),
            .required(
                "output",
                .open([
                    .required("used", .count, "bytes on disk"), .required("limit", .count, "runner.output.total"),
                ]),
                "of all runs: near the limit, that of the oldest runs makes room"
            ),
            .required("store", Schema.open(storeFields).orNull, "the database; null while it is away"),
            .optional(
                "counts",
                .open([
                    .required("tasks", .count, "tasks that are there"),
                    .required("live", .count, "runs that have not stopped"),
                    .required("services", .count, "services"),
                    .required("servicesReady", .count, "services that run and are ready"),
                    .required("deadLetters", .count, "of all endpoints"),
                ]),
                "how many there are"
            ),
            .optional(
                "due",
                .open([.required("task", .ref("TaskID"), "which"), .required("time", .timestamp, "when")]),
                "what starts next"
            ),
            .optional("endpoints", .list(of: .ref("EndpointItem")), "how each stands"),
            .required(
                "degraded",
                .list(
                    of: .open([
                        .required("part", .string, "which"), .required("state", .string, "how it stands"),
                        .required("reason", .string, "why"),
                    ])
                ),
                "parts that do not work now, or badly"
            ),
        ]
    }

    private static var storeFields: [Field] {
        [
            .required("path", .string, "of the database"), .required("size", .count, "in bytes, with its log"),
            .required("synchronous", .string, "full: what is answered is on the disk"),
            .required("used", .count, "what of the database is in use; the rest of its file is used again"),
            .required(
                "retention",
                .count,
                """
                where more is in use, what every endpoint has goes before its age: store.retention.size, and at most \
                three quarters of the budget
                """
            ),
            .required(
                "budget",
                .count,
                """
                store.disk.budget: from seven eighths of it on event.publish answers limit, and the rest is for what \
                the agent itself has to write down
                """
            ),
            .required(
                "journal",
                .open([
                    .required("head", .count, "the last number given"),
                    .required("oldest", Schema.count.orNull, "the first that is still held"),
                    .required(
                        "heldBy",
                        Schema.string.orNull,
                        "the endpoint that is furthest behind; null if all have everything"
                    ),
                ]),
                "its numbers"
            ),
        ]
    }

    private static var flush: MethodDescription {
        MethodDescription(
            "agent.flush",
            .operate,
            "Waits until everything accepted until now is delivered",
            "Answers what is not, when the deadline is over. Step changes go at once.",
            parameters: [.optional("deadline", .duration, "how long to wait; 30s by default")],
            result: .open([
                .required("delivered", .boolean, "whether everything is"),
                .required(
                    "endpoints",
                    .list(
                        of: .open([
                            .required("name", .string, "which"), .required("pending", .count, "what it has not got"),
                            .required("oldest", .timestamp.orNull, "of that"),
                        ])
                    ),
                    "how each stands"
                ),
            ]),
            errors: [.unavailable],
            example: """
                {"params": {"deadline": "30s"},
                 "result": {"delivered": true, "endpoints": [{"name": "ops", "pending": 0, "oldest": null}]}}
                """
        )
    }

    private static var reload: MethodDescription {
        let change: [Field] = [
            .required("key", .string, "as a JSON Pointer into the file; an endpoint by its name"),
            .required("change", .openWord(["added", "changed", "removed"]), "what became of it"),
            .optional("from", .any, "what it said; absent for endpoints"),
            .optional("to", .any, "what it says; absent for endpoints"),
            .optional("undelivered", .count, "of an endpoint that was removed: what it had not got"),
        ]
        return MethodDescription(
            "agent.reload",
            .administer,
            "Reads the configuration again, and takes over what can change while the agent runs",
            """
            The folders are looked at, too. A file with anything wrong in it changes nothing: the error names each problem \
            with its line. No run, service or client ends by a reload, and it waits for none.
            """,
            parameters: [.optional("dryRun", .boolean, "only say what would change")],
            result: .open([
                .required("file", Schema.string.orNull, "what was read; null: there is none, and defaults count"),
                .required("changed", .list(of: .open(change)), "what counts from now on"),
                .required("needsRestart", .list(of: .open(change)), "what counts when the agent has been restarted"),
            ]),
            errors: [.invalidState, .conflict, .unavailable, .storage],
            example: """
                {"params": {}, "result": {"file": "/etc/reeve/reeve.yaml",
                 "changed": [{"key": "/runner/concurrency", "change": "changed", "from": 16, "to": 32},
                             {"key": "/endpoints/audit", "change": "added"}],
                 "needsRestart": [{"key": "/limits/depth", "change": "changed", "from": 64, "to": 128}]}}
                """
        )
    }

    // MARK: Engine

    static var engineMethods: [MethodDescription] { [engineReport, engineRestart] }

    private static var engineReport: MethodDescription {
        MethodDescription(
            "engine.report",
            .observe,
            "Every part of the agent: what it needs, how it stands, what it says of itself",
            result: .open([
                .required("state", .openWord(["started", "stopping", "stopped"]), "of the engine"),
                .optional("error", .string, "what ended it"),
                .required("manifolds", .map(of: .ref("Manifold")), "by name"),
            ]),
            example: """
                {"params": {}, "result": {"state": "started", "manifolds": {
                  "store": {"state": "started", "inputs": [], "starts": 1, "startedAt": "2026-11-21T03:00:00.000Z"},
                  "runner": {"state": "started", "starts": 1, "startedAt": "2026-11-21T03:00:00.020Z",
                             "inputs": [{"name": "store", "kind": "required", "present": true}],
                             "report": {"runs": 0}}}}}
                """
        )
    }

    private static var engineRestart: MethodDescription {
        MethodDescription(
            "engine.restart",
            .administer,
            "Stops a part of the agent and what depends on it, and starts them again",
            "No user's process ends by it. Methods that need a part that is away answer unavailable, or wait.",
            parameters: [.required("name", .string, "such as store, scheduler, runner, submitter, socket")],
            result: .open([.required("name", .string, "what restarts")]),
            errors: [.notFound],
            example: #"{"params": {"name": "submitter"}, "result": {"name": "submitter"}}"#
        )
    }

    // MARK: Common parameters

    static var timeZone: Field {
        .optional("timeZone", .ref("TimeZone"), "also answer times as clocks there show them")
    }
    static var limit: Field { .optional("limit", .integer(from: 1, to: 1000), "items of one answer; 100 by default") }
    static var after: Field { .optional("after", .string, "next of the answer before") }

    /// A name that has its place, and is refused until it means something.
    static func reserved(_ name: String) -> Field {
        .optional(name, .nothing, "kept for a later version: refused by this one")
    }

    static func next(_ text: String = "what to ask for after; null at the end") -> Field {
        .required("next", Schema.string.orNull, text)
    }
}
