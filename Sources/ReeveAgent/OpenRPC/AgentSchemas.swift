import ReeveProtocol
import ReeveScheduler

extension OpenRPC {
    static var agentSchemas: [SharedSchema] {
        [
            SharedSchema(
                "EndpointItem",
                "An endpoint in a list.",
                .open(
                    [
                        .required("name", .string, "its name"), .required("kind", .string, "its kind"),
                        .optional(
                            "url",
                            .either(.string, .open([])),
                            "of a webhook: where it is, or where that is read"
                        ),
                        .optional("path", .string, "of a file: where it is"),
                        .optional("command", .list(of: .string), "of a command: what is run"),
                    ] + endpointStateFields
                )
            ),
            SharedSchema(
                "Manifold",
                "A part of the agent, or a service: what it needs, and how it stands.",
                .open(manifoldFields)
            ),
            SharedSchema(
                "Error",
                "An error as JSON-RPC answers it.",
                .open([
                    .required("code", .integer, "see the components' errors"),
                    .required("message", .string, "for people"), .required("data", .ref("ErrorData"), "for programs"),
                ])
            ),
            SharedSchema(
                "ErrorData",
                "What every error carries.",
                .open([
                    .required("kind", .openWord(Failure.Kind.allCases.map(\.rawValue)), "a stable word"),
                    .optional("path", .string, "a JSON Pointer into the parameters"),
                    .optional("reason", .string, "why"), .optional("expected", .string, "what would be right"),
                    .optional("hint", .string, "what was perhaps meant, or what to do"),
                    .optional("cause", .openWord(ScheduleCause.self), "of a schedule: what is wrong, as a stable word"),
                    .optional("retryAfter", .duration, "unavailable: when to ask again"),
                    .optional("part", .string, "unavailable: which part of the agent is away"),
                    .optional("current", .count, "conflict: the current revision"),
                    .optional("owner", .string, "conflict: the source that it belongs to"),
                    .optional("run", .uuid, "invalidState: the run in the way"),
                    .optional("role", .string, "forbidden: the caller's"),
                    .optional("needs", .string, "forbidden: the one that is needed"),
                    .optional(
                        "problems",
                        .list(of: .ref("Problem")),
                        "invalidParams: all of them, where there are more"
                    ),
                ])
            ),
        ]
    }

    private static var manifoldFields: [Field] {
        [
            .required(
                "state",
                .openWord(["starting", "started", "stopping", "stopped", "failed"]),
                "how it stands"
            ),
            .required(
                "inputs",
                .list(
                    of: .open([
                        .required("name", .string, "what it needs"),
                        .required("kind", .openWord(["required", "optional", "live"]), "how much"),
                        .required("present", .boolean, "whether that is there"),
                        .optional("manifold", .string, "the part that offers it, if it has another name"),
                    ])
                ),
                "what it needs"
            ),
            .required("starts", .count, "how often it came to run"),
            .optional("startedAt", .timestamp, "the last time"),
            .optional("failures", .count, "how often it failed since it last ran well"),
            .optional("error", .string, "why it failed last"), .optional("errorAt", .timestamp, "when that was"),
            .optional("nextTry", .timestamp, "when it is started again"),
            .optional("waitingFor", .list(of: .string), "inputs that are not there"),
            .optional("rest", .openWord(["stoppedByHand", "completed", "missing", "failed"]), "why it rests"),
            .optional("overdue", .boolean, "it was asked to stop and takes too long"),
            .optional("report", .any, "what it says of itself; of an engine inside, the same as engine.report"),
        ]
    }
}
