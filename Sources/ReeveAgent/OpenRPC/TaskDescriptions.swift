import JSON
import ReeveProtocol

extension OpenRPC {
    static var taskMethods: [MethodDescription] {
        [put, apply, check, get, list, remove, run, pause, resume, preview]
    }

    private static let task = Field.required("task", .ref("TaskID"), "its id")
    private static let storedTask = Schema.ref(Schema.answeredName("Task"))

    private static var put: MethodDescription {
        MethodDescription(
            "task.put",
            .administer,
            "Makes a task, or a new revision of it",
            """
            Without a revision the same content changes nothing, other content becomes the current revision plus 1. With \
            one, the same with other content and an older one are a conflict. Answered when it is durable.
            """,
            parameters: [
                .required("task", .ref("Task"), "the whole definition"),
                .optional(
                    "ifRevision",
                    .count,
                    "refuse unless this is the current revision; 0: unless there is no such task"
                ),
            ],
            result: .open([
                .required("task", storedTask, "as it is kept, with its revision"),
                .required("created", .boolean, "there was no such task"),
                .required("changed", .boolean, "there is a new revision"),
                .required("next", .timestamp.orNull, "when it is due next"),
                .optional("warnings", .list(of: .string), "what is probably not meant, or not there now"),
            ]),
            errors: [.conflict, .unavailable, .storage],
            example: """
                {"params": {"task": {"id": "hourly-report", "schedule": {"cron": "0 * * * *", "timeZone": "Europe/Berlin"},
                  "command": ["/bin/sh", "-c", "echo report"], "timeout": "10m", "labels": {"team": "data"}}},
                 "result": {"task": {"id": "hourly-report", "revision": 1,
                  "schedule": {"cron": "0 * * * *", "timeZone": "Europe/Berlin"}, "command": ["/bin/sh", "-c", "echo report"],
                  "timeout": "10m", "labels": {"team": "data"}}, "created": true, "changed": true,
                  "next": "2026-11-21T04:00:00.000Z"}}
                """
        )
    }

    private static var apply: MethodDescription {
        MethodDescription(
            "task.apply",
            .administer,
            "Puts tasks as one: all of them or none",
            """
            Each is put as by task.put, in one transaction. What is applied with a set belongs to it: with prune, what was \
            applied with that set before and is not among the tasks is removed, and nothing else is. A task is in one set \
            at most; task.put leaves it there.
            """,
            parameters: [
                .required("tasks", .list(of: .ref("Task")), "whole definitions"),
                .optional("set", .text("^[A-Za-z0-9._-]{1,64}$"), "what they belong together by"),
                .optional("prune", .boolean, "remove what the set had before and has not now"),
                .optional("dryRun", .boolean, "say what would change, and change nothing"),
            ],
            result: .open([
                .required(
                    "changes",
                    .list(
                        of: .open([
                            .required("task", .string, "its id"),
                            .required(
                                "action",
                                .openWord(["created", "changed", "removed", "same"]),
                                "what became of it"
                            ),
                            .required("revision", .count, "its revision now; the last one of what was removed"),
                            .required(
                                "diff",
                                .list(
                                    of: .open([
                                        .required("path", .string, "JSON Pointer into the definition"),
                                        .optional("before", .any, "absent: it was not there"),
                                        .optional("after", .any, "absent: it is not there any more"),
                                    ])
                                ),
                                "what is different in one that is changed"
                            ),
                            .optional("warnings", .list(of: .string), "what is probably not meant, or not there now"),
                        ])
                    ),
                    "one for each task, then those that were removed"
                )
            ]),
            errors: [.conflict, .unavailable, .storage],
            example: """
                {"params": {"tasks": [{"id": "nightly-backup", "schedule": {"cron": "0 4 * * *"},
                  "command": ["/bin/sh", "-c", "echo saved; echo slowly >&2"]},
                  {"id": "weekly", "schedule": {"cron": "0 5 * * 0"}, "command": ["/bin/sh", "-c", "true"]}],
                  "set": "site", "prune": true, "dryRun": true},
                 "result": {"changes": [{"task": "nightly-backup", "action": "changed", "revision": 2,
                  "diff": [{"path": "/schedule/cron", "before": "0 3 * * *", "after": "0 4 * * *"}]},
                  {"task": "weekly", "action": "created", "revision": 1, "diff": []}]}}
                """
        )
    }

    private static var check: MethodDescription {
        MethodDescription(
            "task.check",
            .observe,
            "Says what is wrong with a task, and when it would be due; changes nothing",
            parameters: [.required("task", .any, "a definition, also one that is not right")],
            result: .open([
                .required("valid", .boolean, "whether task.put would take it"),
                .required("problems", .list(of: .ref("Problem")), "what can never be right"),
                .required("warnings", .list(of: .string), "what is probably not meant, or not there now"),
                .required("next", .list(of: .timestamp), "when it would be due"),
            ]),
            example: """
                {"params": {"task": {"id": "noon", "schedule": {"cron": "0 12 * * *", "timeZone": "UTC"},
                  "command": ["/bin/sh", "-c", "true"]}},
                 "result": {"valid": true, "problems": [], "warnings": [], "next": ["2026-11-21T12:00:00.000Z"]}}
                """,
            """
            {"params": {"task": {"id": "noon", "command": ["/bin/sh"], "timeout": "soon"}},
             "result": {"valid": false, "problems": [{"path": "/task/timeout",
              "reason": "\\"soon\\" is not a duration such as 250ms, 30s or 1h30m",
              "expected": "a duration such as 250ms, 30s or 1h30m"}], "warnings": [], "next": []}}
            """
        )
    }

    private static var get: MethodDescription {
        MethodDescription(
            "task.get",
            .observe,
            "A task and how it stands",
            "Below administer, values of environments are masked.",
            parameters: [task, timeZone],
            result: .open(
                [
                    .required("task", storedTask, "its definition"),
                    .required("scheduleText", .string, "on a short line"),
                ]
                    + taskStateFields
            ),
            errors: [.notFound, .unavailable],
            example: """
                {"params": {"task": "nightly-backup"}, "result": {"task": {"id": "nightly-backup", "revision": 1,
                  "schedule": {"cron": "0 3 * * *"}, "command": ["/bin/sh", "-c", "echo saved; echo slowly >&2"]},
                 "scheduleText": "0 3 * * *", "next": "2026-11-22T03:00:00.000Z",
                 "last": {"run": "019367f2-7a5c-7c3e-9d2b-5f0e6a1b2c3d", "number": 1, "outcome": "succeeded"},
                 "running": [], "source": "rpc", "createdAt": "2026-11-20T10:00:00.000Z",
                 "changedAt": "2026-11-20T10:00:00.000Z", "by": "uid:0"}}
                """
        )
    }

    private static var list: MethodDescription {
        MethodDescription(
            "task.list",
            .observe,
            "Tasks by id, with how they stand",
            parameters: [
                limit, after, .optional("labels", .map(of: .string), "only tasks with all of these"),
                .optional("all", .boolean, "also the hidden ones of reeve run"), timeZone,
            ],
            result: .open([.required("tasks", .list(of: .ref("TaskItem")), "by id"), next()]),
            errors: [.unavailable],
            example: """
                {"params": {"limit": 10}, "result": {"tasks": [{"id": "nightly-backup", "revision": 1,
                  "schedule": {"cron": "0 3 * * *"}, "scheduleText": "0 3 * * *", "next": "2026-11-22T03:00:00.000Z",
                  "last": {"run": "019367f2-7a5c-7c3e-9d2b-5f0e6a1b2c3d", "number": 1, "outcome": "succeeded"},
                  "running": [], "source": "rpc", "createdAt": "2026-11-20T10:00:00.000Z",
                  "changedAt": "2026-11-20T10:00:00.000Z", "by": "uid:0"}], "next": null}}
                """
        )
    }

    private static var remove: MethodDescription {
        MethodDescription(
            "task.remove",
            .administer,
            "Removes a task",
            """
            Its runs that have begun go on, unless its onChange is stop; the others are canceled. History, numbers and \
            revisions stay.
            """,
            parameters: [task, .optional("timeZone", .ref("TimeZone"), "without effect here")],
            result: .open([
                .required("task", .ref("TaskID"), "which"), .required("revision", .integer(from: 1), "its last"),
            ]),
            errors: [.notFound, .conflict, .unavailable, .storage],
            example: #"{"params": {"task": "nightly-backup"}, "result": {"task": "nightly-backup", "revision": 1}}"#
        )
    }

    private static var run: MethodDescription {
        MethodDescription(
            "task.run",
            .operate,
            "Runs a task now",
            """
            Answered when the run is durable, before it starts. Where its overlap is skip and another run of the task \
            lives, or allow(3) and 3 do, the answer is invalidState. command, environment and input need the role \
            administer; parameters do not.
            """,
            parameters: [
                task,
                .optional("run", .uuid, "the run's id, if the caller chooses it: asking again answers the same run"),
                .optional("command", .list(of: .string), "in the place of the first step's"),
                .optional("environment", .map(of: .ref("Value")), "beside and over that of the steps"),
                .optional("input", .string, "standard input of the first step"),
                .optional("parameters", .map(of: .string), "values of parameters that the task declares, by name"),
            ],
            result: .open([.required("run", .uuid, "its id"), .required("number", .integer(from: 1), "its number")]),
            errors: [.notFound, .invalidState, .unavailable, .storage],
            example: """
                {"params": {"task": "nightly-backup", "run": "019367f2-7a5c-7c3e-9d2b-5f0e6a1b2c3d"},
                 "result": {"run": "019367f2-7a5c-7c3e-9d2b-5f0e6a1b2c3d", "number": 2}}
                """
        )
    }

    // MARK: Pausing

    private static var paused: [Field] {
        [
            .optional("task", .ref("TaskID"), "one task; or labels, or all"),
            .optional("labels", .map(of: .string), "the tasks with all of these"),
            .optional("all", Schema(["const": true]), "all tasks"),
            .optional("group", .string, "all tasks of this group"),
        ]
    }

    private static let pausedTasks = Schema.open([.required("tasks", .list(of: .ref("TaskID")), "whom it concerned")])

    private static var pause: MethodDescription {
        MethodDescription(
            "task.pause",
            .operate,
            "Keeps tasks from starting by schedule, until they are resumed",
            "Exactly one of task, labels and all. Slots that pass meanwhile are told as skipped.",
            parameters: paused + [
                .optional("for", .duration, "they resume by themselves after this"),
                .optional("reason", .string, "what for"),
            ],
            result: pausedTasks,
            errors: [.notFound, .unavailable, .storage],
            example: """
                {"params": {"task": "nightly-backup", "for": "2h", "reason": "the disk is being changed"},
                 "result": {"tasks": ["nightly-backup"]}}
                """
        )
    }

    private static var resume: MethodDescription {
        MethodDescription(
            "task.resume",
            .operate,
            "Lets paused tasks start again",
            parameters: paused + [reserved("for"), .optional("reason", .string, "without effect here")],
            result: pausedTasks,
            errors: [.notFound, .unavailable, .storage],
            example: #"{"params": {"all": true}, "result": {"tasks": ["nightly-backup"]}}"#
        )
    }

    // MARK: Schedules

    private static var preview: MethodDescription {
        MethodDescription(
            "schedule.preview",
            .observe,
            "When a schedule is due, and what it means in words",
            parameters: [
                .required("schedule", .ref("Schedule"), "as in a task"),
                .optional("after", .time, "times after this one; now by default"),
                .optional("count", .integer(from: 1, to: 1000), "how many; 5 by default"), timeZone,
                .optional("task", .ref("TaskID"), "for which task H is read; it need not be there"),
            ],
            result: .open([
                .required("times", .list(of: .ref("DueTime")), "in their order"),
                .required("previous", Schema.ref("DueTime").orNull, "the last before them"),
                .required("timeZone", .ref("TimeZone"), "the schedule's"),
                .required("explanation", .string, "in words"),
                .required("warnings", .list(of: .string), "what is probably not meant"),
            ]),
            example: """
                {"params": {"schedule": {"cron": "30 2 * * *", "timeZone": "Europe/Berlin"},
                  "after": "2026-03-28T00:00:00Z", "count": 2},
                 "result": {"times": [{"time": "2026-03-28T01:30:00.000Z", "local": "2026-03-28T02:30:00+01:00"},
                  {"time": "2026-03-29T01:00:00.000Z", "local": "2026-03-29T03:00:00+02:00"}],
                  "previous": {"time": "2026-03-27T01:30:00.000Z", "local": "2026-03-27T02:30:00+01:00"},
                  "timeZone": "Europe/Berlin", "explanation": "at 02:30 every day", "warnings": []}}
                """
        )
    }
}
