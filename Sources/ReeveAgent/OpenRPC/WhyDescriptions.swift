import ReeveProtocol

extension OpenRPC {
    static var whyMethods: [MethodDescription] { [taskWhy, runWhy, endpointWhy] }

    private static let waitingFor = Schema.list(
        of: .open([
            .required("what", .string, "for people"),
            .optional("service", .ref("ServiceName"), "a service that is required"),
            .optional("task", .ref("TaskID"), "a task that is required"),
            .optional("condition", .openWord(RequirementCondition.self), "what it is to be"),
            .optional("run", .uuid, "a run of the same task that is in the way, by its overlap"),
            .optional("group", .string, "a group that is full"),
            .optional("places", .count, "how many runs may be at once, of that group or of all"),
            .optional("ahead", .count, "how many runs wait for a place before it"),
            .optional("at", .timestamp, "when its time comes, of another try"),
        ])
    )

    private static var taskWhy: MethodDescription {
        MethodDescription(
            "task.why",
            .observe,
            "Says in words why a task does not run now, and when it will",
            """
            The reasons go on: what its runs do or wait for, pause, next time, and what became of the last slot or run \
            where that did not run or was no success. Also answered for a task that was removed. Times in the reasons \
            are in timeZone, or in the schedule's where it is read in one.
            """,
            parameters: [.required("task", .ref("TaskID"), "its id"), timeZone],
            result: .open([
                .required("task", .ref("TaskID"), "which"),
                .required("status", .openWord(TaskStanding.self), "how it stands: the first of these that is so"),
                .required("summary", .string, "the first of the reasons"),
                .required("reasons", .list(of: .string), "one sentence each"),
                .required("next", .timestamp.orNull, "when it starts next, with jitter"),
                .optional("due", .timestamp, "the nominal time of that slot, where jitter puts it off"),
                .required("running", .list(of: .uuid), "its runs that have begun and not stopped"),
                .required("waitingFor", waitingFor, "what its first run that has not begun waits for"),
                .optional("paused", .ref("Pause"), "if it is"),
                .optional(
                    "last",
                    .open([
                        .required("run", .uuid, "its id"), .required("number", .integer(from: 1), "its number"),
                        .required("outcome", .openWord(Outcome.self), "how it ended"),
                    ]),
                    "the run that stopped last"
                ),
            ]),
            errors: [.notFound, .unavailable],
            example: """
                {"params": {"task": "nightly-backup", "timeZone": "UTC"}, "result": {"task": "nightly-backup",
                  "status": "scheduled", "summary": "nightly-backup is due in 4h12m, at 2026-11-22 03:00 UTC",
                  "reasons": ["nightly-backup is due in 4h12m, at 2026-11-22 03:00 UTC"],
                  "next": "2026-11-22T03:00:00.000Z", "running": [], "waitingFor": [],
                  "last": {"run": "019367f2-7a5c-7c3e-9d2b-5f0e6a1b2c3d", "number": 1, "outcome": "succeeded"}}}
                """
        )
    }

    private static var endpointWhy: MethodDescription {
        MethodDescription(
            "endpoint.why",
            .observe,
            "Says in words what an endpoint waits for, and when it goes on; or why it stood as it did then",
            """
            The reasons go on: what keeps everything, what its lanes wait for, how much waits, dead letters, and what its \
            filter and mutings have kept from it. Of a time in the past they are what was told of the endpoint and of the \
            agent, as far back as the journal goes.
            """,
            parameters: [
                .required("endpoint", .string, "its name"),
                .optional("at", .timestamp, "how it was then; now by default"),
                timeZone,
            ],
            result: .open([
                .required("endpoint", .string, "which"),
                .required("status", .openWord(EndpointStanding.self), "how it stands: the first of these that is so"),
                .required("summary", .string, "the first of the reasons"),
                .required("reasons", .list(of: .string), "one sentence each"),
                .optional("nextTry", .timestamp.orNull, "when it is tried again by itself, or its pause ends"),
                .optional("pending", .count, "changes that are meant for it and not delivered"),
                .optional("oldest", .timestamp.orNull, "of them"),
                .optional("deadLetters", .count, "that are kept"),
                .optional("paused", Schema.ref("Pause").orNull, "by whom, until when, why"),
                .optional("muted", Schema.ref("Pause").orNull, "likewise"),
                .optional("at", .timestamp, "the time that was asked about"),
                .optional("since", .timestamp, "of a time in the past: when that began"),
                .optional("until", .timestamp.orNull, "likewise: when it ended; null if it has not"),
            ]),
            errors: [.notFound, .unavailable],
            example: """
                {"params": {"endpoint": "ops", "timeZone": "UTC"}, "result": {"endpoint": "ops", "status": "down",
                  "summary": "ops does not answer since 2026-11-21 10:00 UTC (5m ago): 503: busy; it is tried again in 12s",
                  "reasons": ["ops does not answer since 2026-11-21 10:00 UTC (5m ago): 503: busy; it is tried again in 12s",
                              "41 changes wait for ops, the oldest from 5m ago"],
                  "nextTry": "2026-11-21T10:05:12.000Z", "pending": 41, "oldest": "2026-11-21T10:00:00.000Z",
                  "deadLetters": 0, "paused": null, "muted": null}}
                """
        )
    }

    private static var runWhy: MethodDescription {
        MethodDescription(
            "run.why",
            .observe,
            "Says in words what a run waits for, how far it is, or how it ended and why",
            parameters: [.required("run", .ref("RunName"), "which"), timeZone],
            result: .open([
                .required("run", .uuid, "its id"), .required("task", .ref("TaskID"), "the task"),
                .required("number", .integer(from: 1), "its number"),
                .required("status", .openWord(RunStatus.self), "how far it is"),
                .optional("outcome", .openWord(Outcome.self), "how it ended, once it has stopped"),
                .optional("cause", .string, "a stable word for why"),
                .required("summary", .string, "the first of the reasons"),
                .required("reasons", .list(of: .string), "one sentence each; the last says where it comes from"),
                .required("waitingFor", waitingFor, "what keeps it from beginning"),
                .optional("ahead", .count, "how many runs wait before it, of one that has not begun"),
                .optional("deadline", .timestamp, "when it is missed, or when its timeout ends it"),
            ]),
            errors: [.notFound, .unavailable],
            example: """
                {"params": {"run": "nightly-backup/1"},
                 "result": {"run": "019367f2-7a5c-7c3e-9d2b-5f0e6a1b2c3d", "task": "nightly-backup", "number": 1,
                  "status": "stopped", "outcome": "succeeded", "summary": "nightly-backup/1 succeeded 2h ago, in 20m11s",
                  "reasons": ["nightly-backup/1 succeeded 2h ago, in 20m11s", "it was asked for by uid:0, 2h20m ago"],
                  "waitingFor": []}}
                """
        )
    }
}
