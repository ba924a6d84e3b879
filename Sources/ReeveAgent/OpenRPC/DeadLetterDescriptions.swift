import ReeveProtocol

extension OpenRPC {
    static var deadLetterMethods: [MethodDescription] {
        [deadLetterList, deadLetterGet, deadLetterRetry, deadLetterDrop, endpointReplay]
    }

    private static let letterID = Schema.text("^[A-Za-z0-9._-]{1,128}/[0-9]+$")

    private static var selection: [Field] {
        [
            .optional("endpoint", .string, "only of this endpoint"),
            .optional("ids", .list(of: letterID), "only these, at most \(DeadLetterSelection.mostIDs)"),
            .optional("type", .string, "only of this type; * stands for any characters"),
            .optional("lane", .string, "only of this lane, likewise"),
            .optional("since", .time, "only those given up since then"),
            .optional("until", .time, "only those given up before then"),
        ]
    }

    static var deadLetterFields: [Field] {
        [
            .required("id", letterID, "ENDPOINT/NUMBER"), .required("endpoint", .string, "that did not take it"),
            .required("sequence", .count, "the change's number in the journal"),
            .required("previous", Schema.count.orNull, "the number of the change before it in its lane"),
            .required("change", .uuid, "the change's own id"), .required("type", .string, "of the change"),
            .required("lane", .string, "of the change"), .required("summary", .string, "of the change, for people"),
            .required("time", .timestamp, "of the change"), .required("at", .timestamp, "when it was given up"),
            .required("reason", .string, "the last answer, or why there was none"),
            .required("status", Schema.integer.orNull, "of the last answer"),
            .required("attempts", .count, "requests that were made for it"),
            .required("held", .boolean, "its lane waits until it is retried or dropped"),
            .required("wanted", Schema.openWord(["retry", "drop"]).orNull, "what somebody wants and is not done yet"),
            .optional(
                "range",
                .open([
                    .required("from", .count, "the first number"), .required("to", .count, "the last"),
                    .required("count", .count, "changes that the endpoint did not get"),
                    .required("lanes", .map(of: .count), "how many of each lane; further lanes under an empty name"),
                ]),
                "it stands for all that became too old in this range"
            ),
        ]
    }

    private static let exampleLetter = """
        "id": "ops/42", "endpoint": "ops", "sequence": 42, "previous": 17,
        "change": "019367f2-7a5c-7c3e-9d2b-5f0e6a1b2c3d", "type": "com.example.order.placed", "lane": "event:order-18",
        "summary": "com.example.order.placed order-18", "time": "2026-11-21T03:20:11.120Z",
        "at": "2026-11-21T03:24:40.903Z", "reason": "422: no such order", "status": 422, "attempts": 5, "held": false,
        "wanted": null
        """

    private static var deadLetterList: MethodDescription {
        MethodDescription(
            "deadLetter.list",
            .observe,
            "Changes that endpoints did not take",
            parameters: selection + [limit, after],
            result: .open([
                .required("deadLetters", .list(of: .ref("DeadLetter")), "by endpoint and number"), next(),
            ]),
            errors: [.notFound, .unavailable],
            example: #"{"params": {"type": "com.example.*"}, "result": {"deadLetters": [], "next": null}}"#
        )
    }

    private static var deadLetterGet: MethodDescription {
        MethodDescription(
            "deadLetter.get",
            .observe,
            "A dead letter with its event",
            parameters: [.required("id", letterID, "ENDPOINT/NUMBER")],
            result: .open(
                deadLetterFields + [
                    .required("url", Schema.either(.string, .open([])).orNull, "where the endpoint sends"),
                    .required("event", Schema.ref("CloudEvent").orNull, "null for a range"),
                ]
            ),
            errors: [.notFound, .unavailable],
            example: """
                {"params": {"id": "ops/42"}, "result": {\(exampleLetter), "url": "https://example.com/hook",
                  "event": {"specversion": "1.0", "id": "019367f2-7a5c-7c3e-9d2b-5f0e6a1b2c3d",
                   "source": "/agents/0193.../users/1000", "type": "com.example.order.placed", "subject": "order-18",
                   "time": "2026-11-21T03:20:11.120Z", "lane": "event:order-18",
                   "sequence": "00000000000000000042", "previous": "00000000000000000017"}}}
                """
        )
    }

    private static var deadLetterRetry: MethodDescription {
        MethodDescription(
            "deadLetter.retry",
            .operate,
            "Has dead letters tried again",
            """
            Each goes when its lane is free, with its old number and redelivered: true; one that is refused again is a \
            dead letter again. A lane that is held is tried again from there. An endpoint or ids must be given.
            """,
            parameters: selection,
            result: .open([.required("count", .count, "how many; ranges are not tried again")]),
            errors: [.notFound, .unavailable, .storage],
            example: #"{"params": {"endpoint": "ops"}, "result": {"count": 0}}"#
        )
    }

    private static var deadLetterDrop: MethodDescription {
        MethodDescription(
            "deadLetter.drop",
            .operate,
            "Drops dead letters",
            """
            They are gone. Of one that is held its lane goes on, without it and what was held with it before it. An \
            endpoint or ids must be given.
            """,
            parameters: selection,
            result: .open([.required("count", .count, "how many")]),
            errors: [.notFound, .unavailable, .storage],
            example: #"{"params": {"endpoint": "ops", "type": "com.example.*"}, "result": {"count": 0}}"#
        )
    }

    private static var endpointReplay: MethodDescription {
        MethodDescription(
            "endpoint.replay",
            .operate,
            "Has an endpoint get again what it had got",
            """
            From the oldest that the journal holds, unless after or since says where. What comes again has redelivered: \
            true; in each lane what is new waits behind it. With a lane or an end only the lanes concerned are taken back, \
            at most 1000.
            """,
            parameters: [
                .required("endpoint", .string, "its name"),
                .optional("after", .count, "only what comes after this number"),
                .optional("since", .time, "only since then"),
                .optional("through", .count, "only up to this number"),
                .optional("until", .time, "only until then"), .optional("lane", .string, "only this lane"),
                .optional("task", .string, "only this task's lane"),
            ],
            result: .open([
                .required("endpoint", .string, "which"),
                .required("after", .count, "the number after which it begins"),
                .required("count", .count, "changes that come again, as far as the filter takes them"),
            ]),
            errors: [.notFound, .limit, .unavailable, .storage],
            example: """
                {"params": {"endpoint": "ops", "task": "nightly-backup"},
                 "result": {"endpoint": "ops", "after": 0, "count": 0}}
                """
        )
    }
}
