import JSON
import ReeveProtocol

extension OpenRPC {
    static var serviceMethods: [MethodDescription] {
        [
            servicePut, serviceCheck, serviceGet, serviceList, serviceWhy, serviceRemove, serviceStart, serviceStop,
            serviceRestart, serviceWait, serviceLogs, serviceFollow,
        ]
    }

    private static let named = Field.required("service", .ref("ServiceName"), "its name")
    private static let definition = Schema.ref(Schema.answeredName("Service"))

    private static let exampleState = """
        "revision": 1, "status": "running", "pid": 4711, "starts": 1, "failures": 0,
        "startedAt": "2026-11-21T03:00:00.000Z", "readyAt": "2026-11-21T03:00:00.200Z", "ready": true, "source": "rpc",
        "by": "uid:0", "createdAt": "2026-11-20T10:00:00.000Z", "changedAt": "2026-11-20T10:00:00.000Z"
        """
    private static let exampleItem = #"{"name": "web", "requires": ["db"], \#(exampleState)}"#

    private static var servicePut: MethodDescription {
        MethodDescription(
            "service.put",
            .administer,
            "Makes a service, or changes it",
            """
            The same definition again changes nothing. A change of labels, description, restart or stop takes effect while \
            the process runs; any other one ends it and starts another. A requirement that is not there is waited for; one \
            that closes a circle is refused with all its members in data.circle. Answered when it is durable, not when it \
            runs: service.wait does that.
            """,
            parameters: [
                .required("service", .ref("Service"), "the whole definition"),
                .optional(
                    "ifRevision",
                    .count,
                    "refuse unless this is the current revision; 0: unless there is no such service"
                ),
            ],
            result: .open([
                .required("service", definition, "as it is kept"),
                .required("revision", .integer(from: 1), "counts its definitions"),
                .required("created", .boolean, "there was no such service"),
                .required("changed", .boolean, "it is another definition than before"),
                .optional("warnings", .list(of: .string), "what is probably not meant, or not there now"),
            ]),
            errors: [.conflict, .unavailable, .storage],
            example: """
                {"params": {"service": {"name": "proxy", "command": ["/bin/sh", "-c", "exec sleep 1000"],
                  "requires": ["web", {"task": "nightly-backup"}], "restart": {"policy": "always", "maximum": "30s"},
                  "probe": {"exec": ["/bin/true"], "interval": "10s"}}},
                 "result": {"service": {"name": "proxy", "command": ["/bin/sh", "-c", "exec sleep 1000"],
                  "requires": ["web", {"task": "nightly-backup"}], "restart": {"policy": "always", "maximum": "30s"},
                  "probe": {"exec": ["/bin/true"], "interval": "10s"}}, "revision": 1, "created": true, "changed": true}}
                """
        )
    }

    private static var serviceCheck: MethodDescription {
        MethodDescription(
            "service.check",
            .observe,
            "Says what is wrong with a service; changes nothing",
            parameters: [.required("service", .any, "a definition, also one that is not right")],
            result: .open([
                .required("valid", .boolean, "whether service.put would take it, circles left aside"),
                .required("problems", .list(of: .ref("Problem")), "what can never be right"),
                .required("warnings", .list(of: .string), "what is probably not meant, or not there now"),
            ]),
            example: """
                {"params": {"service": {"name": "web", "command": ["/bin/sh"], "ready": {"tcp": "localhost:70000"}}},
                 "result": {"valid": false, "problems": [{"path": "/service/ready/tcp",
                  "reason": "the port 70000 is out of range",
                  "expected": "HOST:PORT with a port from 1 to 65535, such as localhost:5432 or [::1]:5432"}],
                  "warnings": []}}
                """
        )
    }

    private static var serviceGet: MethodDescription {
        MethodDescription(
            "service.get",
            .observe,
            "A service and how it stands",
            "Below administer, values of environments are masked.",
            parameters: [named, timeZone],
            result: .open([.required("service", definition, "its definition")] + serviceStateFields),
            errors: [.notFound, .unavailable],
            example: """
                {"params": {"service": "web"}, "result": {"service": {"name": "web",
                  "command": ["/bin/sh", "-c", "echo serving; exec sleep 1000"], "requires": ["db"]}, \(exampleState)}}
                """
        )
    }

    private static var serviceList: MethodDescription {
        MethodDescription(
            "service.list",
            .observe,
            "Services by name, with how they stand",
            parameters: [
                limit, after, .optional("labels", .map(of: .string), "only services with all of these"), timeZone,
            ],
            result: .open([.required("services", .list(of: .ref("ServiceItem")), "by name"), next()]),
            errors: [.unavailable],
            example: #"{"params": {"after": "db"}, "result": {"services": [\#(exampleItem)], "next": null}}"#
        )
    }

    private static var serviceWhy: MethodDescription {
        MethodDescription(
            "service.why",
            .observe,
            "Says in words why a service is as it is, through everything that it waits for",
            parameters: [named],
            result: .open([
                .required("service", .ref("ServiceName"), "which"),
                .required("status", .openWord(ServiceStatus.self), "how it stands"),
                .required("summary", .string, "the first of the reasons"),
                .required(
                    "reasons",
                    .list(of: .string),
                    "one sentence on it, then one on each thing that it waits for"
                ),
                .required(
                    "waitingFor",
                    .list(
                        of: .open([
                            .required("what", .string, "for people"),
                            .optional("service", .ref("ServiceName"), "a service"),
                            .optional("task", .ref("TaskID"), "a task"),
                            .required("condition", .openWord(RequirementCondition.self), "what it is to be"),
                        ])
                    ),
                    "what it requires and is not so"
                ),
                .required("nextTry", .timestamp.orNull, "when it is started again, if that is only a matter of time"),
            ]),
            errors: [.notFound, .unavailable],
            example: """
                {"params": {"service": "web"}, "result": {"service": "web", "status": "running",
                  "summary": "web is running and ready", "reasons": ["web is running and ready"], "waitingFor": [],
                  "nextTry": null}}
                """
        )
    }

    private static var serviceRemove: MethodDescription {
        MethodDescription(
            "service.remove",
            .administer,
            "Removes a service: its process ends, after those of the services that require it, and its log goes",
            parameters: [named],
            result: .open([
                .required("service", .ref("ServiceName"), "which"),
                .required("revision", .integer(from: 1), "its last"),
            ]),
            errors: [.notFound, .conflict, .unavailable, .storage],
            example: #"{"params": {"service": "web"}, "result": {"service": "web", "revision": 1}}"#
        )
    }

    // MARK: By hand

    private static func order(_ name: String, _ summary: String, _ text: String) -> MethodDescription {
        MethodDescription(
            name,
            .operate,
            summary,
            text + " Answered when it is durable: service.wait answers when it is done.",
            parameters: [named, .optional("reason", .string, "what for")],
            result: .open([
                .required("service", .ref("ServiceName"), "which"),
                .required("request", .integer(from: 1), "counts what was asked of it"),
            ]),
            errors: [.notFound, .unavailable, .storage],
            example: """
                {"params": {"service": "web", "reason": "a new certificate"}, "result": {"service": "web", "request": 2}}
                """
        )
    }

    private static var serviceStart: MethodDescription {
        order(
            "service.start",
            "Starts a service that stands still, is given up, has done its work, or waits for its next try",
            "What it requires is waited for."
        )
    }

    private static var serviceStop: MethodDescription {
        order(
            "service.stop",
            "Stops a service until it is started by hand, also over restarts of the agent",
            "Those that require it end before it."
        )
    }

    private static var serviceRestart: MethodDescription {
        order(
            "service.restart",
            "Stops a service and starts it again",
            "Those that require it end before it, and are started once, when it is back."
        )
    }

    private static var serviceWait: MethodDescription {
        MethodDescription(
            "service.wait",
            .observe,
            "Answers when a service is as it is meant to be",
            """
            What was asked of it before is taken into account: after service.restart it waits for the new process. settled \
            is running and ready (for a second, where it has no ready), stopped, completed or failed. Where it stands \
            still, and so will not be what is waited for, the answer is invalidState.
            """,
            parameters: [
                named, .optional("until", .word(ServiceGoal.self), "settled by default"),
                .optional("deadline", .duration, "how long to wait; for ever by default"),
            ],
            result: .either(
                .ref("ServiceItem"),
                .open([
                    .required("name", .ref("ServiceName"), "its name"),
                    .required("removed", Schema(["const": true]), "it is gone: only where stopped was waited for"),
                ])
            ),
            errors: [.notFound, .invalidState, .deadline, .unavailable],
            example: #"{"params": {"service": "web", "until": "ready", "deadline": "30s"}, "result": \#(exampleItem)}"#
        )
    }

    // MARK: Logs

    private static var logParameters: [Field] {
        [
            named, .optional("stream", .word(OutputStreamName.self), "only this one"),
            .optional("after", .string, "next of the answer before; from the oldest that is kept by default"),
            .optional("limit", .integer(from: 1, to: 1 << 20), "bytes of one answer; 65536 by default"),
            .optional("tail", .integer(from: 1, to: 1 << 20), "only so many last bytes of what there is"),
            .optional("encoding", .word(OutputEncoding.self), "utf8 where it is, else base64, by default"),
            .optional("wait", .duration, "how long to wait for output, if there is none yet"),
        ]
    }

    private static var serviceLogs: MethodDescription {
        MethodDescription(
            "service.logs",
            .observe,
            "What a service wrote: one log over all its processes, bounded by its size",
            "Exact within a stream, between the two in the order of arrival. It has no end: go on with after: next.",
            parameters: logParameters,
            result: .open([
                .required("data", .string, "text, or base64"),
                .required("encoding", .openWord(OutputEncoding.self), "of data"),
                .required(
                    "chunks",
                    .list(
                        of: .open([
                            .required("stream", .openWord(OutputStreamName.self), "stdout or stderr"),
                            .required("time", .timestamp, "when it was read"),
                            .required("size", .count, "bytes of data"),
                        ])
                    ),
                    "pieces follow one another in data"
                ),
                .required("next", .string, "where to go on"),
                .required("end", .boolean, "false: it may be started again at any time"),
                .required("dropped", .count, "bytes that are kept no longer"),
            ]),
            errors: [.notFound, .unavailable, .storage],
            example: """
                {"params": {"service": "web", "stream": "stdout", "wait": "10s"},
                 "result": {"data": "serving\\n", "encoding": "utf8",
                  "chunks": [{"stream": "stdout", "time": "2026-11-21T03:00:01.000Z", "size": 8}], "next": "2097152",
                  "end": false, "dropped": 0}}
                """
        )
    }

    private static var serviceFollow: MethodDescription {
        MethodDescription(
            "service.follow",
            .observe,
            "Sends what a service writes, over its restarts",
            """
            A subscription: its items are the pieces of output, each with stream, time, data and encoding. It ends when \
            the service is removed, with the cause removed; another cause comes with the position to go on from.
            """,
            parameters: [
                named, .optional("stream", .word(OutputStreamName.self), "only this one"),
                .optional("after", .string, "where to begin; with the oldest that is kept by default"),
                .optional("tail", .integer(from: 1, to: 1 << 20), "begin with so many last bytes of what there is"),
                .optional("encoding", .word(OutputEncoding.self), "utf8 where it is, else base64, by default"),
            ],
            result: subscription,
            errors: [.notFound, .limit, .unavailable, .storage],
            example: #"{"params": {"service": "web"}, "result": {"subscription": "1"}}"#
        )
    }
}
