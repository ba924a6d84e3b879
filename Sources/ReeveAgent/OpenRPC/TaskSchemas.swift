import JSON
import ReeveProtocol

extension OpenRPC {
    /// Texts with a form of their own.
    static var simpleSchemas: [SharedSchema] {
        [
            SharedSchema(
                "Duration",
                "A length of time: digits and a unit, once or more, such as 250ms, 30s or 1h30m; a day has 24 hours.",
                .text("^([0-9]+(ms|s|m|h|d))+$")
            ),
            SharedSchema(
                "Size",
                "A number of bytes in powers of 1024, such as 4MiB.",
                .text("^[0-9]+(B|KiB|MiB|GiB|TiB)$")
            ),
            SharedSchema(
                "Time",
                "A time in a request: RFC 3339 with Z or an offset.",
                .text(
                    "^[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}:[0-9]{2}([.][0-9]+)?([Zz]|[+-][0-9]{2}:[0-9]{2})$"
                )
            ),
            SharedSchema(
                "Timestamp",
                "A time in an answer: RFC 3339 in UTC with milliseconds.",
                .text("^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}[.][0-9]{3}Z$")
            ),
            SharedSchema(
                "LocalTime",
                "A time as clocks in a zone show it, with its offset; for people.",
                .string
            ),
            SharedSchema(
                "UUID",
                "A UUID of version 7, in lower case: it sorts by the time it was made.",
                .text("^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$")
            ),
            SharedSchema("TaskID", "A task's id.", .text("^[A-Za-z0-9._-]{1,128}$")),
            SharedSchema("ServiceName", "A service's name.", .text("^[A-Za-z0-9._-]{1,64}$")),
            SharedSchema("RunName", "A run: its id, TASK/7 by number, or TASK/-1 for the task's last.", .string),
            SharedSchema(
                "TimeZone",
                """
                An IANA name such as Europe/Berlin, UTC, or GMT+2:00. Where an answer has times, a zone adds each of them \
                once more as clocks there show it: next and nextLocal.
                """,
                .string
            ),
        ]
    }

    /// What a client puts as a task.
    static var taskSchemas: [SharedSchema] {
        [
            SharedSchema("Task", "What to do and when. Exactly one of command, script and steps.", .closed(taskFields)),
            SharedSchema(
                "Step",
                "One process of a run. Steps start at once, but for what they require of others.",
                .closed(stepFields)
            ),
            SharedSchema("Schedule", "When a task is due.", schedule),
            SharedSchema(
                "Value",
                "A text, or where it is read from when it is needed: such a value is never stored or shown.",
                .either(
                    .string,
                    .closed([
                        .required("file", .string, "the contents of the file at that path, without a last newline")
                    ]),
                    .closed([.required("credential", .string, "the contents of the systemd credential of that name")])
                )
            ),
            SharedSchema("Stop", "How a process is asked to end.", .closed(stopFields)),
            SharedSchema(
                "TaskRetry",
                "How what failed is tried again: a run, as another run of its slot, or a step, within its run.",
                .closed(retryFields)
            ),
            SharedSchema("Parameter", "A value that a run may be given; it is never part of a command.", parameter),
            SharedSchema("Attachment", "A file that is put in place before a run's steps start.", .closed(attachment)),
            SharedSchema("StepRequirement", "A state of another step that a step waits for.", stepRequirement),
            SharedSchema(
                "Unit",
                "Properties of a unit by systemd's own names (systemd.exec(5), systemd.resource-control(5)).",
                unit
            ),
            SharedSchema("Limits", "What a process may use.", .closed(limitsFields)),
            SharedSchema(
                "Terminal",
                "A terminal of a process; what is written to it is its output, and run.input types on it.",
                .closed([
                    .optional("columns", .integer(in: TerminalDefinition.sizes), "characters; 80 by default"),
                    .optional("rows", .integer(in: TerminalDefinition.sizes), "lines; 24 by default"),
                ])
            ),
            SharedSchema(
                "Input",
                "What a process reads on standard input: a text, or a file, opened as its user when it starts.",
                .either(.string, .closed([.required("file", .string, "an absolute path")]))
            ),
        ]
    }

    private static var unit: Schema {
        .closed(
            UnitDefinition.kinds.sorted { $0.key < $1.key }.map { name, kind in
                .optional(name, schema(of: kind), kind.expected)
            }
        )
    }

    private static func schema(of kind: UnitDefinition.Kind) -> Schema {
        switch kind {
        case .flag: .boolean
        case .number(let range): .integer(from: range.lowerBound, to: range.upperBound)
        case .size: .either(.count, .string)
        case .word(let words): words.contains("yes") ? .either(.string, .boolean) : .string
        case .slice: .string
        case .paths: .list(of: .string)
        }
    }

    private static var taskFields: [Field] {
        [
            .required("id", .ref("TaskID"), "its id"),
            .optional("revision", .integer(from: 1), "counts up; given by the agent where it is absent"),
            .optional("description", .string, "for people"),
            .optional("schedule", .ref("Schedule"), "when it is due; without one it is only run by hand"),
            .optional("startBy", .duration, "how long past its due time a slot still starts; past it, it is missed"),
            .optional(
                "queueTimeout",
                .duration,
                "how long a run may wait to begin, by hand or by schedule, before it is missed; without end by default"
            ),
            .optional(
                "missed",
                .text(#"^(skip|once|all(\(([1-9][0-9]{0,2}|1000)\))?)$"#),
                "what becomes of slots found past due: all, or the newest up to so many; skip for cron, else once"
            ),
            .optional(
                "overlap",
                .text(#"^(skip|queue|replace|allow(\(([1-9][0-9]{0,2}|1000)\))?)$"#),
                "what becomes of a slot while another run lives: allow(3) lets 3 live and skips one more; skip by default"
            ),
            .optional(
                "priority",
                .integer(from: -100, to: 100),
                "of the runs that wait to begin, those of the higher go first; 0 by default"
            ),
            .optional("user", .string, "whom steps run as; the agent's own by default"),
            .optional("environment", .map(of: .ref("Value")), "variables of all steps"),
            .optional("workingDirectory", .string, "an absolute path; the user's home by default"),
            .optional("limits", .ref("Limits"), "for steps that have none of their own"),
            .optional(
                "requires",
                .list(of: .ref("Requirement")),
                "services in a state that a run waits for before it begins"
            ),
            .optional("steps", .list(of: .ref("Step")), "its processes, 1 to 100"),
            .optional("command", .list(of: .string), "one step named main: the program and its arguments"),
            .optional("script", .string, "one step named main: a text, run by its #! line, else by /bin/sh -e"),
            .optional("timeout", .duration, "of a run; none by default"),
            .optional("retry", .ref("TaskRetry"), "of a run that failed: none by default"),
            .optional("stop", .ref("Stop"), "for steps that have none of their own"),
            .optional(
                "runner",
                .word(RunnerKind.self),
                "what starts its steps: the agent itself (process), or systemd as transient units that go on while the "
                    + "agent is restarted or replaced; by default what the configuration says"
            ),
            .optional("unit", .ref("Unit"), "properties of the units of its steps, where the runner is systemd"),
            .optional(
                "onAgentStop",
                .word(AgentStopPolicy.self),
                "what becomes of a living run when the agent stops: stop, or survive where the runner is systemd"
            ),
            .optional("onChange", .word(ChangePolicy.self), "what becomes of a living run when the task changes; keep"),
            .optional("group", .text("^[A-Za-z0-9._-]{1,64}$"), "with whose tasks it shares a limit of runs at once"),
            .optional("labels", .map(of: .string), "for people and filters"),
            .optional(
                "parameters",
                .map(of: .ref("Parameter")),
                "values that who starts a run may give, by name; its steps find them as REEVE_PARAM_NAME"
            ),
            .optional(
                "attachments",
                .list(of: .ref("Attachment")),
                "files that have to be in place before a run's steps start"
            ),
        ] + processFields("; for steps that have none of their own")
    }

    private static var retryFields: [Field] {
        [
            .optional("limit", .integer(from: 1, to: 100), "tries after the first; 3 by default"),
            .optional("delay", .duration, "before the first of them; 10s by default"),
            .optional("factor", Schema(["type": "number", "minimum": 1, "maximum": 100]), "of each further wait; 2"),
            .optional("maximum", .duration, "of a wait; 5m by default"),
            .optional(
                "onExit",
                .list(of: .integer(from: 1, to: 255)),
                "only after these exit codes; by default after every failure, a timeout included"
            ),
        ]
    }

    private static var stepFields: [Field] {
        [
            .required("name", .text("^[A-Za-z0-9._-]{1,64}$"), "once in a task"),
            .optional("command", .list(of: .string), "the program and its arguments, without a shell; or script"),
            .optional("script", .string, "a text, run by its #! line, else by /bin/sh -e; or command"),
            .optional("user", .string, "whom it runs as"),
            .optional("environment", .map(of: .ref("Value")), "variables, beside the task's and over them"),
            .optional("workingDirectory", .string, "an absolute path"),
            .optional("limits", .ref("Limits"), "in the place of the task's"),
            .optional("timeout", .duration, "of this step; none by default"),
            .optional("stop", .ref("Stop"), "in the place of the task's"),
            .optional("input", .ref("Input"), "what it reads on standard input; nothing by default"),
            .optional(
                "terminal",
                .ref("Terminal"),
                "what it has in the place of its standard streams; none by default"
            ),
            .optional("requires", .list(of: .ref("StepRequirement")), "without any it starts with the run"),
            .optional(
                "essential",
                .boolean,
                """
                true: its end, however it ends, ends the run, whose outcome is the step's; false: the run succeeds though \
                it does not; absent: the run goes on with what can still start, and fails if it does
                """
            ),
            .optional("ready", .ref("Readiness"), "when it is ready; by default as soon as it runs"),
            .optional("probe", .ref("Probe"), "whether it is healthy; by default as soon as it is ready"),
            .optional("retry", .ref("TaskRetry"), "of this step, if it failed: none by default"),
        ] + processFields("")
    }

    private static var parameter: Schema {
        .either(
            .string.described("its value by default"),
            .closed([
                .optional("default", .string, "without one it has to be given, so the task cannot have a schedule"),
                .optional(
                    "pattern",
                    .string,
                    "a POSIX extended regular expression that the whole value, up to 4 KiB, has to match; by bytes, up to 256"
                ),
                .optional("description", .string, "for people"),
            ])
        )
    }

    private static var attachment: [Field] {
        [
            .required("path", .string, "where: absolute, in a folder that the configuration allows"),
            .required("content", .string, "what stands in it"),
            .optional("encoding", .word(OutputEncoding.self), "how content is written; utf8 by default"),
            .optional("sha256", .text("^[0-9A-Fa-f]{64}$"), "of the file's bytes: what it has to be"),
            .optional("owner", .string, "by name or number; the task's user by default"),
            .optional("group", .string, "by name or number; the owner's by default"),
            .optional("mode", .text("^[0-7]{3,4}$"), "0600 by default"),
            .optional("overwrite", .boolean, "whether it replaces a file with other content; yes by default"),
            .optional("expires", .duration, "how long after the run was made it may begin; else the run fails"),
        ]
    }

    private static var stepRequirement: Schema {
        .either(
            .text("^[A-Za-z0-9._-]{1,64}$").described("a step that has to have succeeded"),
            .closed([
                .required("step", .text("^[A-Za-z0-9._-]{1,64}$"), "another step of the task"),
                .optional(
                    "condition",
                    .word(RequirementCondition.self),
                    "succeeded by default; exited: it ran and has ended, however"
                ),
            ])
        )
    }

    private static var schedule: Schema {
        let always: Schema = Schema(["const": true])
        var object = Schema.closed([
            .optional(
                "cron",
                .string,
                "an expression of five, six or seven fields, or @hourly and its like; H is a value of the task's own"
            ),
            .optional("rate", .duration, "every so long, at least 1s, counted from the put that made the revision"),
            .optional("at", .string, "once: a time with an offset, or a local one such as 2026-12-24T18:00"),
            .optional("once", always, "once, now"),
            .optional("nextBoot", always, "once, at the host's next start"),
            .optional("everyBoot", always, "at each start of the host"),
            .optional("timeZone", .ref("TimeZone"), "of cron and at; the host's by default"),
            .optional(
                "jitter",
                .either(
                    .duration,
                    .closed([
                        .required("maximum", .duration, "the longest delay"),
                        .optional("random", .boolean, "another one for each slot; else the task has one for all"),
                    ])
                ),
                "the longest by which a start is put off: never longer than the time to the next slot"
            ),
            .optional("from", .string, "cron and rate: not due before this time, written as at is"),
            .optional("until", .string, "cron and rate: not due after this time"),
            .optional(
                "maxRuns",
                .integer(from: 1),
                "cron and rate: no more runs by this schedule, and then it is done"
            ),
        ])
        let kinds = ["cron", "rate", "at", "once", "nextBoot", "everyBoot"]
        object.json["oneOf"] = .array(kinds.map { ["required": [.string($0)]] })
        let text = Schema.string.described("a cron expression, @daily, rate(15m) or at(2026-12-24T18:00:00)")
        return .either(text, object)
    }

    private static var stopFields: [Field] {
        [
            .optional("signal", .signal, "what is sent first; TERM by default"),
            .optional("grace", .duration, "how long until it is killed; 10s by default"),
        ]
    }

    private static var limitsFields: [Field] {
        [
            .optional(
                "memory",
                .ref("Size"),
                "of it and all that it starts, at least 1MiB; beyond it the kernel kills. Needs a cgroup (agent.status)"
            ),
            .optional(
                "cpu",
                .text("^[0-9]+%$"),
                "of it and all that it starts: 50% is half a processor, 200% two of them. Needs a cgroup"
            ),
            .optional(
                "tasks",
                .integer(from: 1, to: 4_194_304),
                "processes and threads of it and all that it starts. Needs a cgroup"
            ),
            .optional("openFiles", .integer(from: 3), "descriptors"),
            .optional(
                "processes",
                .integer(from: 1, to: 4_194_304),
                "processes and threads of its user on the whole host; does not bind root"
            ),
            .optional("coreSize", .ref("Size"), "of one core file; 0B for none"),
            .optional("fileSize", .ref("Size"), "of one file that it writes"),
            .optional("addressSpace", .ref("Size"), "memory that it may map, used or not"),
            .optional("dataSize", .ref("Size"), "of its data: heap, private memory"),
            .optional("stackSize", .ref("Size"), "of its first thread's stack"),
            .optional("lockedMemory", .ref("Size"), "memory that it may keep from being swapped out"),
            .optional("cpuTime", .duration, "processor time, in whole seconds, rounded up"),
        ]
    }

    /// What a process is given, besides its limits.
    static func processFields(_ whose: String) -> [Field] {
        [
            .optional("groups", .list(of: .string), "in the place of all but the first of its user's\(whose)"),
            .optional("umask", .text("^[0-7]{1,4}$"), "permissions that new files do not get; 0022 by default\(whose)"),
            .optional("nice", .integer(from: -20, to: 19), "-20 goes first, 19 last; the agent's by default\(whose)"),
        ]
    }
}

extension Schema {
    /// A signal that an end may begin with.
    static var signal: Schema {
        Schema(["type": "string", "enum": .array(StopDefinition.signals.keys.sorted().map { .string($0) })])
    }
}
