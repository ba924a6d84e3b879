import ReeveProtocol

/// The methods of `EndpointStandingMethods`.
extension OpenRPC {
    private static let endpoint = Field.required("endpoint", .string, "its name")
    private static let length = Field.optional(
        "for",
        .duration,
        "it ends by itself after this; by default only by resume"
    )
    private static let reason = Field.optional("reason", .string, "why, for who looks")

    private static var standing: Schema {
        .open([
            .required("endpoint", .string, "which"),
            .required("paused", Schema.ref("Pause").orNull, "by whom, until when, why"),
            .required("muted", Schema.ref("Pause").orNull, "by whom, until when, why"),
        ])
    }

    static var endpointPause: MethodDescription {
        MethodDescription(
            "endpoint.pause",
            .operate,
            "Sends nothing to an endpoint until it is resumed; everything waits",
            "What waits holds the journal as if the endpoint were down.",
            parameters: [endpoint, length, reason],
            result: standing,
            errors: [.notFound, .unavailable, .storage],
            example: """
                {"params": {"endpoint": "ops", "for": "2h", "reason": "moves to another host"},
                 "result": {"endpoint": "ops", "paused": {"by": "uid:0", "at": "2026-11-21T10:00:00.000Z",
                  "until": "2026-11-21T12:00:00.000Z", "reason": "moves to another host"}, "muted": null}}
                """
        )
    }

    static var endpointMute: MethodDescription {
        MethodDescription(
            "endpoint.mute",
            .operate,
            "What is recorded from now on is never sent to an endpoint, until it is resumed",
            "It is counted, and event.get tells it as muted. What was recorded before goes on to be sent.",
            parameters: [endpoint, length, reason],
            result: standing,
            errors: [.notFound, .unavailable, .storage],
            example: """
                {"params": {"endpoint": "ops", "for": "30m", "reason": "deployment"},
                 "result": {"endpoint": "ops", "paused": null, "muted": {"by": "uid:0", "at": "2026-11-21T10:00:00.000Z",
                  "until": "2026-11-21T10:30:00.000Z", "reason": "deployment"}}}
                """
        )
    }

    static var endpointResume: MethodDescription {
        MethodDescription(
            "endpoint.resume",
            .operate,
            "Ends a pause and a muting",
            "What waits for another try, also because the receiver asked for time, is tried at once.",
            parameters: [endpoint],
            result: standing,
            errors: [.notFound, .unavailable, .storage],
            example: """
                {"params": {"endpoint": "ops"}, "result": {"endpoint": "ops", "paused": null, "muted": null}}
                """
        )
    }

    static var endpointRotate: MethodDescription {
        MethodDescription(
            "endpoint.rotate",
            .administer,
            "Gives an endpoint another key, and signs with the one until now as well for a while",
            """
            webhook-signature has both then, so that the receiver can change over at any time meanwhile. Without a secret \
            one of the same kind is made, and shown once.
            """,
            parameters: [
                endpoint,
                .optional("keepOld", .duration, "how long both sign; 24h by default, 0s for not at all"),
                .optional("secret", .ref("Secret"), "the new key"),
            ],
            result: .open([
                .required("endpoint", .string, "which"),
                .required("previousUntil", Schema.timestamp.orNull, "how long the key until now signs as well"),
                .optional("secret", .string, "the key that was made: it is shown only here"),
                .optional("publicKey", .string, "of a pair that was made, what the receiver needs"),
            ]),
            errors: [.notFound, .invalidState, .conflict, .unavailable, .storage],
            example: """
                {"params": {"endpoint": "ops", "keepOld": "1h"},
                 "result": {"endpoint": "ops", "previousUntil": "2026-11-21T11:00:00.000Z",
                  "secret": "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="}}
                """
        )
    }

    static var endpointCommit: MethodDescription {
        MethodDescription(
            "endpoint.commit",
            .operate,
            "Says that a consumer is done with everything up to a number",
            """
            For endpoints of kind queue: fetch with event.list {as: NAME, wait}, work, then commit its next. What is not \
            committed is fetched again. The cursor never goes back; what lies behind it is done.
            """,
            parameters: [endpoint, .required("seq", .count, "the journal's number: next of event.list")],
            result: .open([
                .required("endpoint", .string, "which"),
                .required("cursor", .count, "up to where it is done now"),
                .required("pending", .count, "changes behind that which its filter takes"),
            ]),
            errors: [.notFound, .invalidState, .unavailable, .storage],
            example:
                #"{"params": {"endpoint": "work", "seq": 5}, "result": {"endpoint": "work", "cursor": 5, "pending": 0}}"#
        )
    }
}
