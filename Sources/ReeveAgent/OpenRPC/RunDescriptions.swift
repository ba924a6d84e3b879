import ReeveProtocol

extension OpenRPC {
    static var runMethods: [MethodDescription] {
        [runList, runGet, runStop, runInput, runResize, runRetry, runWait, runOutput, runFollow]
    }

    private static let named = Field.required("run", .ref("RunName"), "which")
    private static let aRun = Schema.open([.required("run", .ref("Run"), "as it stands")])

    /// The fixture's run, as far as every answer has it.
    private static let exampleRun = """
        {"id": "019367f2-7a5c-7c3e-9d2b-5f0e6a1b2c3d", "task": "nightly-backup", "number": 1, "revision": 1,
         "trigger": "manual", "by": "uid:0", "status": "stopped", "outcome": "succeeded", "attempt": 1, "willRetry": null,
         "createdAt": "2026-11-21T03:00:00.000Z", "startedAt": "2026-11-21T03:00:00.002Z",
         "stoppedAt": "2026-11-21T03:20:11.120Z", "steps": [{"name": "main", "status": "stopped",
          "outcome": "succeeded", "attempt": 1, "exitCode": 0, "pid": 4711, "startedAt": "2026-11-21T03:00:00.004Z",
          "stoppedAt": "2026-11-21T03:20:11.120Z", "output": {"bytes": 13, "dropped": 0},
          "usage": {"userTime": "1m3s", "systemTime": "2s"}}]}
        """

    private static var runList: MethodDescription {
        MethodDescription(
            "run.list",
            .observe,
            "Runs, the newest first",
            parameters: [
                .optional("task", .ref("TaskID"), "only of this task"),
                .optional("since", .time, "only those decided since then"),
                .optional("outcomes", .list(of: .word(Outcome.self)), "only those that ended so"),
                .optional("live", .boolean, "only those that have not stopped"), limit, after,
                .optional("all", .boolean, "also of the hidden tasks of reeve run"), timeZone,
            ],
            result: .open([.required("runs", .list(of: .ref("Run")), "the newest first"), next()]),
            errors: [.notFound, .unavailable],
            example: """
                {"params": {"task": "nightly-backup", "outcomes": ["succeeded"]},
                 "result": {"runs": [\(exampleRun)], "next": null}}
                """
        )
    }

    private static var runGet: MethodDescription {
        MethodDescription(
            "run.get",
            .observe,
            "A run as it stands",
            parameters: [named, timeZone],
            result: aRun,
            errors: [.notFound, .unavailable],
            example: #"{"params": {"run": "nightly-backup/1"}, "result": {"run": \#(exampleRun)}}"#
        )
    }

    private static var runStop: MethodDescription {
        MethodDescription(
            "run.stop",
            .operate,
            "Asks a run to end: a signal, and after its grace a kill of all that it started",
            """
            Answered when the request is durable: run.wait tells when it has ended. One that has stopped is invalidState. \
            One that is being ended already may be told so more strongly: the signal is sent, and what still runs is \
            killed when the grace is over, or before that if it was to be. KILL, or a grace of 0s, ends it at once.
            """,
            parameters: [
                named, .optional("reason", .string, "what for"),
                .optional("signal", .signal, "what is sent, in the place of what the task says"),
                .optional(
                    "grace",
                    .duration,
                    "how long until a kill, in the place of what the task says; at most 365d"
                ),
            ],
            result: .open([
                .required("run", .uuid, "its id"), .required("status", .openWord(RunStatus.self), "how far it is"),
            ]),
            errors: [.notFound, .invalidState, .unavailable, .storage],
            example: """
                {"params": {"run": "slow/-1", "reason": "it is in the way"},
                 "result": {"run": "019367f2-7a5c-7c3e-9d2b-5f0e6a1b2c3d", "status": "running"}}
                """
        )
    }

    private static var runInput: MethodDescription {
        MethodDescription(
            "run.input",
            .administer,
            "Types on the terminal of a step",
            """
            Answers how much of it was taken: less than all, or nothing, as long as the step reads too little of what was \
            typed before; the rest is to be sent again then. Who sends further data before the answer has no order.
            """,
            parameters: [
                named, .required("data", .string, "what is typed"),
                .optional("step", .string, "by default the one with a terminal that runs"),
                .optional("encoding", .word(OutputEncoding.self), "of data; utf8 by default"),
            ],
            result: .open([.required("taken", .count, "bytes")]),
            errors: [.notFound, .invalidState, .unavailable, .storage],
            example: #"{"params": {"run": "shell/-1", "data": "exit\n"}, "result": {"taken": 5}}"#
        )
    }

    private static var runResize: MethodDescription {
        MethodDescription(
            "run.resize",
            .operate,
            "Gives the terminal of a step another size, and tells the step",
            "As the terminal of whoever looks at it has changed.",
            parameters: [
                named, .required("columns", .integer(in: TerminalDefinition.sizes), "characters"),
                .required("rows", .integer(in: TerminalDefinition.sizes), "lines"),
                .optional("step", .string, "by default the one with a terminal that runs"),
            ],
            result: .open([]),
            errors: [.notFound, .invalidState, .unavailable, .storage],
            example: #"{"params": {"run": "shell/-1", "columns": 120, "rows": 40}, "result": {}}"#
        )
    }

    private static var runRetry: MethodDescription {
        MethodDescription(
            "run.retry",
            .operate,
            "Tries a run once more that did not succeed: another attempt of the same slot",
            """
            By the task as it is now, with what replaced parts of it for that run. Where another attempt of the run waits \
            for its time already, that one begins at once; so does the run itself, if it is one. One that has not ended \
            and one that succeeded are invalidState, and so is a run in the way where task.run refuses it for that. It is \
            not given up for a pause of the task, nor because a later slot has come.
            """,
            parameters: [named],
            result: .open([
                .required("run", .uuid, "the id of the attempt"), .required("number", .integer(from: 1), "its number"),
            ]),
            errors: [.notFound, .invalidState, .unavailable, .storage],
            example: """
                {"params": {"run": "failing/1"},
                 "result": {"run": "019367f2-7a5c-7c3e-9d2b-5f0e6a1b2c3d", "number": 2}}
                """
        )
    }

    private static var runWait: MethodDescription {
        MethodDescription(
            "run.wait",
            .observe,
            "Answers when a run has stopped",
            parameters: [named, .optional("deadline", .duration, "how long to wait; for ever by default")],
            result: aRun,
            errors: [.notFound, .deadline, .unavailable],
            example: #"{"params": {"run": "nightly-backup/-1", "deadline": "1h"}, "result": {"run": \#(exampleRun)}}"#
        )
    }

    // MARK: Output

    private static var followParameters: [Field] {
        [
            named, .optional("step", .string, "only this step's"),
            .optional("stream", .word(OutputStreamName.self), "only this one"),
            .optional("attempt", .integer(from: 1), "of the step"),
            .optional("after", .string, "next of the answer before; from the beginning by default"),
            .optional("encoding", .word(OutputEncoding.self), "utf8 where it is, else base64, by default"),
        ]
    }

    private static var outputParameters: [Field] {
        followParameters.dropLast() + [
            .optional("limit", .integer(from: 1, to: 1 << 20), "bytes of one answer; 65536 by default"),
            .optional("tail", .integer(from: 1, to: 1 << 20), "only so many last bytes of what there is"),
        ] + followParameters.suffix(1) + [
            .optional("wait", .duration, "how long to wait for output, if there is none yet")
        ]
    }

    private static let exampleChunk = """
        "step": "main", "attempt": 1, "stream": "stdout", "time": "2026-11-21T03:00:01.000Z"
        """

    private static var runOutput: MethodDescription {
        MethodDescription(
            "run.output",
            .observe,
            "What a run wrote",
            """
            Exact within a stream; between streams and steps in the order of arrival. Go on with after: next until end is \
            true.
            """,
            parameters: outputParameters,
            result: .open([
                .required("data", .string, "text, or base64"),
                .required("encoding", .openWord(OutputEncoding.self), "of data"),
                .required("chunks", .list(of: .ref("OutputChunk")), "whose it is"),
                .required("next", .string, "where to go on"),
                .required("end", .boolean, "nothing more can come"),
                .required("dropped", .count, "bytes that are kept no longer"),
            ]),
            errors: [.notFound, .unavailable, .storage],
            example: """
                {"params": {"run": "nightly-backup/1", "stream": "stdout"},
                 "result": {"data": "saved\\n", "encoding": "utf8", "chunks": [{\(exampleChunk), "size": 6}],
                  "next": "1:0", "end": true, "dropped": 0}}
                """
        )
    }

    private static var runFollow: MethodDescription {
        MethodDescription(
            "run.follow",
            .observe,
            "Sends what a run writes, until it has ended",
            """
            A subscription: its items are the pieces of output, each with step, attempt, stream, time, data and encoding. \
            The last message has the cause ended; another cause comes with the position to go on from. To begin with the \
            last of what there is, ask run.output for that tail, and follow after its next.
            """,
            parameters: followParameters,
            result: subscription,
            errors: [.notFound, .limit, .unavailable, .storage],
            example: #"{"params": {"run": "nightly-backup/1"}, "result": {"subscription": "1"}}"#
        )
    }

    static let subscription = Schema.open([.required("subscription", .string, "its name on this connection")])
}
