import ReeveProtocol

extension OpenRPC {
    static var endpointMethods: [MethodDescription] {
        [
            endpointPut, endpointGet, endpointList, endpointRemove, endpointTest, endpointPause, endpointMute,
            endpointResume, endpointRotate, endpointCommit,
        ]
    }

    private static let endpoint = Field.required("endpoint", .string, "its name")
    private static let storedEndpoint = Schema.ref(Schema.answeredName("Endpoint"))

    private static var endpointPut: MethodDescription {
        MethodDescription(
            "endpoint.put",
            .administer,
            "Makes an endpoint, or changes it",
            "A changed URL, secret or filter keeps cursor and dead letters. Filters are evaluated at delivery. A secret, header "
                + "or variable that is …, as endpoint.get shows them, stays as it is.",
            parameters: [
                .required("endpoint", .ref("Endpoint"), "the whole definition"),
                .optional(
                    "ifChangedAt",
                    .timestamp,
                    "refuse unless it was changed then last: changedAt of endpoint.get"
                ),
            ],
            result: .open([
                .required("endpoint", storedEndpoint, "as it is kept, without its secrets"),
                .required("created", .boolean, "there was no such endpoint"),
                .required("cursor", .count, "the journal's number after which it begins"),
                .required("earlier", .count, "changes that the journal still holds and that it does not get"),
                .optional("secret", .string, "the key that was made: it is shown only here"),
                .optional("publicKey", .string, "of a pair that was made, what the receiver needs"),
            ]),
            errors: [.conflict, .unavailable, .storage],
            example: """
                {"params": {"endpoint": {"name": "audit", "kind": "webhook", "url": "https://example.com/hook",
                  "secret": {"generate": true}, "filter": {"types": ["dev.reeve.run.*"], "final": true}, "from": "oldest"}},
                 "result": {"endpoint": {"name": "audit", "kind": "webhook", "url": "https://example.com/hook",
                  "secret": "…", "filter": {"types": ["dev.reeve.run.*"], "final": true}},
                  "created": true, "cursor": 0, "earlier": 0, "secret": "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="}}
                """
        )
    }

    private static var endpointGet: MethodDescription {
        MethodDescription(
            "endpoint.get",
            .observe,
            "An endpoint, without its secrets, and how it stands",
            parameters: [endpoint],
            result: .open(
                [.required("endpoint", storedEndpoint, "its definition")] + endpointStateFields + endpointMetricFields
            ),
            errors: [.notFound, .unavailable],
            example: """
                {"params": {"endpoint": "ops"}, "result": {"endpoint": {"name": "ops", "kind": "webhook",
                  "url": "https://example.com/hook", "secret": "…"}, "source": "rpc", "by": "uid:0", "changedAt": "2026-11-21T10:00:00.000Z", 
                 "paused": null, "muted": null,
                 "state": "active", "pending": 0, "oldest": null,
                 "deadLetters": 0, "cursor": 9, "inFlight": 0, "laggards": 0, "delivered": 9, "filtered": 0, "mutedChanges": 0, "retries": 0,
                 "lastAnswer": "200 OK", "nextTry": null, "breaker": "closed", "accepted": 9, "parked": 0,
                 "statuses": {"200": 9}, "latency": {"count": 9, "sum": "41ms", "buckets": [{"atMost": "5ms", "count": 7},
                  {"atMost": "10ms", "count": 2}, {"atMost": null, "count": 0}]}}}
                """
        )
    }

    private static var endpointList: MethodDescription {
        MethodDescription(
            "endpoint.list",
            .observe,
            "Endpoints by name, with how they stand",
            parameters: [limit, after],
            result: .open([.required("endpoints", .list(of: .ref("EndpointItem")), "by name"), next()]),
            errors: [.unavailable],
            example: """
                {"params": {}, "result": {"endpoints": [{"name": "ops", "kind": "webhook",
                  "url": "https://example.com/hook", "source": "rpc", "by": "uid:0", "changedAt": "2026-11-21T10:00:00.000Z", 
                  "paused": null, "muted": null, "state": "active", "pending": 0, "oldest": null, "deadLetters": 0,
                  "cursor": 9}], "next": null}}
                """
        )
    }

    private static var endpointRemove: MethodDescription {
        MethodDescription(
            "endpoint.remove",
            .administer,
            "Removes an endpoint with its cursor and its dead letters",
            parameters: [endpoint],
            result: .open([
                .required("endpoint", .string, "which"),
                .required("undelivered", .count, "changes that it did not get"),
            ]),
            errors: [.notFound, .unavailable, .storage],
            example: #"{"params": {"endpoint": "ops"}, "result": {"endpoint": "ops", "undelivered": 0}}"#
        )
    }

    private static var endpointTest: MethodDescription {
        MethodDescription(
            "endpoint.test",
            .operate,
            "Sends one dev.reeve.endpoint.test at once, beside the journal",
            "With a definition in the place of a name, which needs the role administer, nothing is kept.",
            parameters: [
                .required("endpoint", .either(.string, .ref("Endpoint")), "a name, or a definition"),
                .optional("type", .string, "the type that the filter is asked about"),
            ],
            result: .open([
                .required("delivered", .boolean, "whether a delivery would be done with this answer"),
                .required("status", Schema.integer.orNull, "of HTTP; null if there was no answer"),
                .required("headers", .map(of: .string), "of the answer"),
                .required("body", .string, "of the answer; without one, why there is none"),
                .required("duration", .duration, "how long it took"),
                .required("filtered", .boolean, "whether the filter would have kept the type from it"),
                .required("curl", .string, "the same request for a shell, without what is secret"),
            ]),
            errors: [.notFound, .unavailable],
            example: """
                {"params": {"endpoint": "ops", "type": "dev.reeve.run.failed"},
                 "result": {"delivered": true, "status": 200, "headers": {"content-length": "0"}, "body": "",
                  "duration": "12ms", "filtered": false, "curl": "curl …"}}
                """
        )
    }
}
