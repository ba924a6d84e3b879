import JSON
import ReeveProtocol

extension OpenRPC {
    static var eventSchemas: [SharedSchema] {
        [
            SharedSchema(
                "CloudEvent",
                "A change as it is delivered: CloudEvents 1.0 in JSON with reeve's attributes; see events.md.",
                .open(eventFields)
            ),
            SharedSchema("DeadLetter", "A change that an endpoint did not take.", .open(deadLetterFields)),
            SharedSchema(
                "Delivery",
                "How the delivery of one change to one endpoint stands.",
                .open([
                    .required("endpoint", .string, "its name"),
                    .required(
                        "state",
                        .openWord([
                            "pending", "inFlight", "held", "delivered", "filtered", "muted", "dead", "expired",
                        ]),
                        "how it stands"
                    ),
                    .required("attempts", .count, "tries until now, where they are still known"),
                    .required("lastAnswer", Schema.string.orNull, "of the last try"),
                    .required("nextTry", .timestamp.orNull, "when it is tried again"),
                ])
            ),
        ]
    }

    private static var eventFields: [Field] {
        [
            .required("specversion", Schema(["const": "1.0"]), "of CloudEvents"),
            .required("id", .uuid, "the change's own id: what receivers drop repeats by"),
            .required("source", .string, "/agents/NAME, or what the publisher gave"),
            .required("type", .string, "dev.reeve.… for the agent's own"),
            .optional("subject", .string, "the task, the endpoint, the agent; or the publisher's"),
            .required("time", .timestamp, "when it happened"),
            .optional("datacontenttype", .string, "application/json"),
            .required("lane", .string, "the ordering key: within a lane nothing overtakes"),
            .required("sequence", .text("^[0-9]{20}$"), "the journal's number, so that texts sort as numbers do"),
            .required("previous", .text("^([0-9]{20})?$"), "the number before it in its lane; empty if none is known"),
            .optional("redelivered", .boolean, "it was got or refused before, and somebody asked for it again"),
            .optional("publisherid", .string, "the id that the publisher gave"),
            .optional("data", .any, "what there is to tell"),
        ]
    }

    /// What a client puts as an endpoint.
    static var endpointSchemas: [SharedSchema] {
        [
            SharedSchema("Endpoint", "Where state changes go, and how they are sent.", .closed(endpointFields)),
            SharedSchema("Rotation", "When a file is renamed and another one begun.", .closed(rotationFields)),
            SharedSchema(
                "Filter",
                "Which changes an endpoint takes: those that match all that is given.",
                .closed(filterFields)
            ),
            SharedSchema(
                "Retry",
                "How long to wait between tries, each up to a fifth longer by chance.",
                .closed(retryFields)
            ),
            SharedSchema(
                "Drain",
                "How long step changes gather while their run goes on: drawn anew each time between the two.",
                .closed([
                    .optional("minimum", .duration, "10s by default"),
                    .optional("maximum", .duration, "30s by default"),
                ])
            ),
            SharedSchema(
                "Batch",
                "How much one request may carry: as many events as wait, up to both.",
                .closed([
                    .optional("events", .integer(from: 1, to: 1000), "100 by default"),
                    .optional("bytes", .ref("Size"), "about, from 1KiB to 16MiB; 1MiB by default"),
                ])
            ),
            SharedSchema(
                "TLS",
                "How it is known that the receiver is the one that is meant.",
                .closed([
                    .required(
                        "ca",
                        .string,
                        "the absolute path of a file with certificates in PEM: one of these must have signed the receiver's, "
                            + "in the place of those that the host trusts; read at each try"
                    )
                ])
            ),
            SharedSchema(
                "Secret",
                "A Value; as a key also one that the agent makes.",
                .either(
                    .ref("Value"),
                    .closed([
                        .required(
                            "generate",
                            Schema(["enum": [true, "ed25519"]]),
                            "made, and answered once: a secret that both sides have, or a pair of which the receiver gets the public half"
                        )
                    ])
                )
            ),
        ]
    }

    private static var endpointFields: [Field] {
        [
            .required("name", .text("^[A-Za-z0-9._-]{1,128}$"), "its name"),
            .required("kind", kind, "what it is; controlPlane is kept for later"),
            .optional(
                "url",
                .ref("Value"),
                "of a webhook: http://, https://, or http+unix:// with %2F for each / of the socket's path"
            ),
            .optional("path", .string, "of a file: where it is"),
            .optional("rotate", .ref("Rotation"), "of a file: when another one is begun; by default never"),
            .optional(
                "command",
                .list(of: .string),
                "of a command: the program and its arguments, never through a shell"
            ),
            .optional("user", .string, "of a command: as whom it runs; the agent's own user by default"),
            .optional("environment", .map(of: .ref("Value")), "of a command: what it gets besides"),
            .optional("workingDirectory", .string, "of a command: where it begins; the user's home by default"),
            .optional("format", .word(EventFormat.self), "how events are written; cloudevents by default"),
            .optional("template", .string, "of format template: Mustache, with the event's members and a summary"),
            .optional(
                "tail",
                .boolean,
                "whether runs that did not succeed have the last 2 KiB of their output with them"
            ),
            .optional(
                "progress",
                .duration,
                "how often it is told of a run that goes on, with the last 2 KiB of its output, 10s to 24h; by default never"
            ),
            .optional(
                "secret",
                .ref("Secret"),
                "of a webhook: whsec_ and base64 of 24 to 64 bytes, or whsk_ and an Ed25519 key; without one nothing is signed"
            ),
            .optional("filter", .ref("Filter"), "everything by default"),
            .optional("drain", .ref("Drain"), "of step changes"),
            .optional("timeout", .duration, "of one try: 15s by default, 60s of a command"),
            .optional("inFlight", .integer(from: 1, to: 100), "requests at once; 10 by default"),
            .optional("batch", .ref("Batch"), "many events in one request; without it each has its own"),
            .optional("retry", .ref("Retry"), "after what is the endpoint's trouble"),
            .optional("refused", .word(RefusedPolicy.self), "what becomes of a change that is refused; deadLetter"),
            .optional("answers", .map(of: .word(AnswerPolicy.self)), "how answers are taken, by status"),
            .optional("headers", .map(of: .ref("Value")), "of a webhook: further ones, none that reeve sets itself"),
            .optional("tls", .ref("TLS"), "of a webhook with an https URL"),
            .optional("from", .string, "where it begins: now (the default), oldest, a journal number, or a time"),
        ]
    }

    private static var kind: Schema {
        Schema(["type": "string", "enum": ["webhook", "file", "command", "queue", "stdout"]])
    }

    private static var rotationFields: [Field] {
        [
            .required(
                "size",
                .ref("Size"),
                "before the file would grow beyond it; at least 1KiB"
            ),
            .optional("keep", .integer(from: 1, to: 1000), "files beside it: PATH.1 is the latest; 5 by default"),
        ]
    }

    private static var filterFields: [Field] {
        [
            .optional("types", .list(of: .string), "types, with * for any characters: order.*, *.failed"),
            .optional("lanes", .list(of: .string), "lanes, likewise: task:backup, event:*"),
            .optional("labels", .map(of: .string), "all of these are among the task's"),
            .optional("outcomes", .list(of: .word(Outcome.self)), "only runs that ended so"),
            .optional("changedOnly", .boolean, "only runs that ended otherwise than the one before"),
            .optional("final", .boolean, "of a run only its last change"),
        ]
    }

    private static var retryFields: [Field] {
        [
            .optional("delay", .duration, "the first wait"),
            .optional("factor", .number, "by which each wait is longer than the one before, 1 to 1000"),
            .optional("maximum", .duration, "the longest wait"),
            .optional("limit", .integer(from: 1, to: 1000), "tries of a refused change until it is a dead letter"),
        ]
    }

    /// How an endpoint stands.
    static var endpointStateFields: [Field] {
        [
            .required("state", .openWord(EndpointState.self), "how it stands"),
            .required(
                "source",
                .string,
                "whose it is: rpc, configuration or folder:PATH; it can be changed only from there"
            ),
            .required("by", .string, "who put it last"),
            .required("changedAt", .timestamp, "when"),
            .required("paused", Schema.ref("Pause").orNull, "nothing is sent: by whom, until when, why"),
            .required(
                "muted",
                Schema.ref("Pause").orNull,
                "what is recorded meanwhile is never sent: by whom, until when, why"
            ),
            .optional("publicKey", .string, "whpk_…: what the receiver checks Ed25519 signatures with"),
            .optional("previousKeyUntil", .timestamp, "how long the key before this one signs as well"),
            .required("pending", .count, "changes that are meant for it and not delivered"),
            .required("oldest", .timestamp.orNull, "of them"),
            .required("deadLetters", .count, "changes that were given up"),
            .required("cursor", .count, "the journal's number up to which all is done, but for laggards"),
            .optional("inFlight", .count, "requests under way"),
            .optional("laggards", .count, "lanes that the cursor has left behind"),
            .optional("delivered", .count, "changes since the part of the agent that delivers began"),
            .optional("filtered", .count, "changes since then that it does not take"),
            .optional("mutedChanges", .count, "changes since then that were recorded while it was muted"),
            .optional("retries", .count, "requests since then that failed"),
            .optional("lastAnswer", Schema.string.orNull, "to the last request"),
            .optional(
                "nextTry",
                .timestamp.orNull,
                "when it is tried again, if it is down or asked for a pause (Retry-After)"
            ),
        ]
    }

    /// What is counted of an endpoint since the part of the agent that delivers began; absent while that is away.
    static var endpointMetricFields: [Field] {
        let bucket = Schema.open([
            .required("atMost", Schema.duration.orNull, "the longest of the bucket; null: longer than all others"),
            .required("count", .count, "requests that took so long, and longer than the bucket before"),
        ])
        return [
            .optional(
                "breaker",
                .openWord(BreakerCondition.self),
                "open: it is down; halfOpen: it is being tried"
            ),
            .optional("accepted", .count, "changes that its filter took"),
            .optional("parked", .count, "changes that were given up"),
            .optional("statuses", .map(of: .count), "requests by the status of their answer; none: without an answer"),
            .optional(
                "latency",
                .open([
                    .required("count", .count, "requests"), .required("sum", .duration, "how long they took together"),
                    .required("buckets", .list(of: bucket), "shortest first"),
                ]),
                "how long requests took"
            ),
        ]
    }
}
