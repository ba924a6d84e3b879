import ReeveProtocol

extension OpenRPC {
    static var timelineMethods: [MethodDescription] { [timeline] }

    private static var timeline: MethodDescription {
        MethodDescription(
            "schedule.timeline",
            .observe,
            "What is due from now on: of each task how often, in parts of the time that is looked at",
            """
            Counted by the nominal times, without jitter. Slots that are due during a pause are counted as well: they are \
            skipped. Without tasks, those that are due within that time are answered, the earliest first; with tasks, \
            just these.
            """,
            parameters: [
                .optional("for", .duration, "how far to look ahead, 1s to 366d; 1d by default"),
                .optional("cells", .integer(from: 1, to: 1000), "into how many equal parts; 24 by default"),
                .optional("times", .integer(from: 0, to: 1000), "how many times of each task to answer; 0 by default"),
                .optional("tasks", .list(of: .ref("TaskID")), "only these"),
                .optional("limit", .integer(from: 1, to: 1000), "the most tasks; 100 by default"), timeZone,
            ],
            result: .open([
                .required("from", .timestamp, "now"), .required("until", .timestamp, "the end, not part of it"),
                .required(
                    "scale",
                    .list(of: .ref("DueTime")),
                    "where each part begins, and the end; in the zone asked for, else the agent's"
                ),
                .required(
                    "tasks",
                    .list(
                        of: .open([
                            .required("task", .ref("TaskID"), "its id"),
                            .required("scheduleText", .string, "its schedule on a short line"),
                            .required("next", .timestamp.orNull, "when it starts next, with jitter"),
                            .required("count", .count, "how often it is due in that time"),
                            .required("counts", .list(of: .count), "the same for each part"),
                            .optional("times", .list(of: .timestamp), "the first of these times"),
                            .optional("paused", .ref("Pause"), "if it is"),
                        ])
                    ),
                    "the earliest first"
                ),
                .required("more", .boolean, "there are more tasks than the limit"),
            ]),
            errors: [.notFound, .unavailable],
            example: """
                {"params": {"for": "1d", "cells": 2, "times": 1}, "result": {"from": "2026-11-21T12:00:00.000Z",
                  "until": "2026-11-22T12:00:00.000Z",
                  "scale": [{"time": "2026-11-21T12:00:00.000Z", "local": "2026-11-21T12:00:00Z"},
                   {"time": "2026-11-22T00:00:00.000Z", "local": "2026-11-22T00:00:00Z"},
                   {"time": "2026-11-22T12:00:00.000Z", "local": "2026-11-22T12:00:00Z"}],
                  "tasks": [{"task": "nightly-backup", "scheduleText": "0 3 * * *", "next": "2026-11-22T03:00:00.000Z",
                   "count": 1, "counts": [0, 1], "times": ["2026-11-22T03:00:00.000Z"]}], "more": false}}
                """
        )
    }
}
