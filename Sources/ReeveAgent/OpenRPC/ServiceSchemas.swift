import JSON
import ReeveProtocol

extension OpenRPC {
    /// What a client puts as a service.
    static var serviceSchemas: [SharedSchema] {
        [
            SharedSchema(
                "Service",
                "A long-running process that the agent keeps up. Exactly one of command and script.",
                .closed(serviceFields)
            ),
            SharedSchema(
                "Requirement",
                "What has to be before something starts; a text is a service's name, which is to be ready.",
                requirement
            ),
            SharedSchema("Readiness", "When a process that was started is ready: exactly one way to tell.", readiness),
            SharedSchema("Probe", "What is asked, again and again, to tell whether a process is healthy.", probe),
            SharedSchema(
                "Restart",
                "When a service that has ended runs again; a text is the policy.",
                .either(.word(RestartPolicy.self), .closed(restartFields))
            ),
        ]
    }

    /// How a service stands, as it is answered.
    static var serviceStateSchemas: [SharedSchema] {
        [
            SharedSchema(
                "ServiceItem",
                "A service in a list, with how it stands.",
                .open(itemFields + serviceStateFields)
            )
        ]
    }

    private static var serviceFields: [Field] {
        [
            .required("name", .ref("ServiceName"), "its name"),
            .optional("description", .string, "for people"),
            .optional("command", .list(of: .string), "the program and its arguments, without a shell; or script"),
            .optional("script", .string, "a text, run by its #! line, else by /bin/sh -e; or command"),
            .optional("user", .string, "whom it runs as; the agent's own by default"),
            .optional("environment", .map(of: .ref("Value")), "its variables"),
            .optional("workingDirectory", .string, "an absolute path; the user's home by default"),
            .optional("limits", .ref("Limits"), "what it may use"),
            .optional(
                "requires",
                .list(of: .ref("Requirement")),
                "what has to be before it starts; the loss of a service's state stops it again"
            ),
            .optional("ready", .ref("Readiness"), "when it is ready; as soon as its program runs by default"),
            .optional("probe", .ref("Probe"), "whether it is healthy; not asked by default"),
            .optional("watchdog", .duration, "it has to say WATCHDOG=1 this often (sd_notify), or is ended as failed"),
            .optional("restart", .ref("Restart"), "when it runs again; always by default"),
            .optional("stop", .ref("Stop"), "how it is asked to end"),
            .optional(
                "log",
                .closed([.optional("size", .ref("Size"), "64KiB to 16GiB; 16MiB by default")]),
                "how much of its output is kept: the oldest goes first"
            ),
            .optional("labels", .map(of: .string), "for people and filters"),
        ] + processFields("")
    }

    private static var requirement: Schema {
        let condition = Field.optional(
            "condition",
            .word(RequirementCondition.self),
            "ready by default; healthy without a probe is the same as ready"
        )
        let succeeded: Schema = Schema(["const": "succeeded"])
        return .either(
            Schema.ref("ServiceName").described("a service that is to be ready"),
            .closed([.required("service", .ref("ServiceName"), "a service"), condition]),
            .closed([
                .required("task", .ref("TaskID"), "a task whose last run has to have succeeded"),
                .optional("condition", succeeded, "succeeded"),
            ])
        )
    }

    private static var targetFields: [Field] {
        [
            .optional("tcp", .string, "HOST:PORT takes a connection"),
            .optional("http", .string, "a GET of this URL is answered with 200 to 399"),
            .optional("exec", .list(of: .string), "a command, run as the service is, ends with code 0"),
            .optional("log", .string, "a line of its output has this text"),
        ]
    }

    private static func one(of names: [String], _ schema: Schema) -> Schema {
        var schema = schema
        schema.json["oneOf"] = .array(names.map { ["required": [.string($0)]] })
        return schema
    }

    private static var readiness: Schema {
        let notify = Field.optional("notify", Schema(["const": true]), "it says READY=1 (sd_notify)")
        return one(
            of: ["notify", "tcp", "http", "exec", "log"],
            .closed(
                [notify] + targetFields + [
                    .optional("timeout", .duration, "not ready by then, it is ended as failed; 90s by default"),
                    .optional("interval", .duration, "between two tries; 500ms by default"),
                ]
            )
        )
    }

    private static var probe: Schema {
        one(
            of: ["tcp", "http", "exec", "log"],
            .closed(
                targetFields + [
                    .optional("interval", .duration, "from the end of one try to the next; 10s by default"),
                    .optional("timeout", .duration, "of one try; 5s by default"),
                    .optional(
                        "threshold",
                        .integer(from: 1, to: 1000),
                        "failures in a row until it is unhealthy; 3 by default"
                    ),
                    .optional("startPeriod", .duration, "failures of this first time do not count; 0s by default"),
                    .optional(
                        "unhealthy",
                        .word(UnhealthyPolicy.self),
                        "what becomes of an unhealthy process; tell by default"
                    ),
                ]
            )
        )
    }

    private static var restartFields: [Field] {
        [
            .optional("policy", .word(RestartPolicy.self), "always by default"),
            .optional(
                "delay",
                .duration,
                "after the first failure in a row; each wait is varied by 10 %; 1s by default"
            ),
            .optional(
                "factor",
                Schema(["type": "number", "minimum": 1, "maximum": 100]),
                "by which it grows; 2 by default"
            ),
            .optional("maximum", .duration, "the longest wait; 1m by default"),
            .optional("reset", .duration, "having run for this long, its next failure is a first one; 1m by default"),
            .optional(
                "limit",
                .integer(from: 1, to: 1000),
                "so many failures within window, and it is given up; never by default"
            ),
            .optional("window", .duration, "10m by default"),
        ]
    }

    private static var itemFields: [Field] {
        [
            .required("name", .ref("ServiceName"), "its name"),
            .optional("description", .string, "for people"),
            .optional("labels", .map(of: .string), "for people and filters"),
            .optional(
                "requires",
                .list(of: .ref(Schema.answeredName("Requirement"))),
                "what has to be before it starts"
            ),
        ]
    }

    static var serviceStateFields: [Field] {
        [
            .required("revision", .integer(from: 1), "counts its definitions"),
            .required("status", .openWord(ServiceStatus.self), "how it stands"),
            .required("ready", .boolean, "its process runs and is ready"),
            .optional("health", .openWord(["healthy", "unhealthy", "unknown"]), "what its probe says"),
            .optional("pid", .integer(from: 1), "of the process that runs"),
            .required("starts", .count, "processes started, ever"),
            .required("failures", .count, "in a row"),
            .optional("startedAt", .timestamp, "when its last process was started"),
            .optional("readyAt", .timestamp, "when that was ready"),
            .optional("stoppedAt", .timestamp, "when a process of it ended last"),
            .optional("exitCode", .integer(from: 0, to: 255), "of the last process, if it ended by itself"),
            .optional("signal", .integer(from: 1), "that ended the last process"),
            .optional("coreDumped", .boolean, "true if that made the kernel write a core file"),
            .optional(
                "notEnforced",
                .list(of: .openWord(["memory", "cpu", "tasks"])),
                "those of its limits that the agent could not enforce: agent.status says why"
            ),
            .optional(
                "cause",
                .string,
                "a stable word: exit, signal, outOfMemory, notFound, notReady, unhealthy, watchdog, requested, requirement, …"
            ),
            .optional("reason", .string, "the same for people"),
            .optional("nextTry", .timestamp, "when it is started again, if that is only a matter of time"),
            .optional("text", .string, "what the process said of itself (STATUS=, sd_notify)"),
            .optional("waitingFor", .list(of: .string), "what it requires and is not so, for people"),
            .optional(
                "stopped",
                .open([
                    .required("by", .string, "by whom"), .required("at", .timestamp, "when"),
                    .optional("reason", .string, "what for"),
                ]),
                "it stands still by hand"
            ),
            .optional("removed", .boolean, "it is removed, and goes when it has ended"),
            .required("source", .string, "where it comes from: rpc, folder:PATH"),
            .required("by", .string, "who put this definition"),
            .required("createdAt", .timestamp, "when it was put first"),
            .required("changedAt", .timestamp, "when this definition was put"),
        ]
    }
}
