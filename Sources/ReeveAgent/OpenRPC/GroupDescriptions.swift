import JSON
import ReeveProtocol

extension OpenRPC {
    static var groupMethods: [MethodDescription] {
        [
            MethodDescription(
                "group.put",
                .administer,
                "Makes a group, or changes its limit",
                """
                A lower limit takes effect as runs end. What is put counts more than the configuration, which counts again \
                where a group is put without a limit. The group * is all runs: its limit is in the place of the \
                configuration's runner.concurrency.
                """,
                parameters: [.required("group", .ref("Group"), "its name and its limit")],
                result: .open([.required("group", .ref("StoredGroup"), "as it is now")]),
                errors: [.unavailable, .storage],
                example: """
                    {"params": {"group": {"name": "disk", "limit": 1}},
                     "result": {"group": {"name": "disk", "limit": 1}}}
                    """,
                #"{"params": {"group": {"name": "*", "limit": 8}}, "result": {"group": {"name": "*", "limit": 8}}}"#
            ),
            MethodDescription(
                "group.list",
                .observe,
                "The limit of all runs, and the groups that were put or configured, or that have runs",
                parameters: [],
                result: .open([
                    .required(
                        "groups",
                        .list(
                            of: .open([
                                .required("name", .string, "its name"),
                                .required("limit", Schema.integer(from: 0).orNull, "runs at once; null: no limit"),
                                .required("running", .count, "its runs that have begun"),
                                .required("waiting", .count, "its runs that have not"),
                                .required("source", .string, "rpc, configuration, or none where only tasks name it"),
                                .optional("by", .string, "who put it"),
                                .optional("changedAt", .timestamp, "when"),
                            ])
                        ),
                        "first *, which is all runs, then by name"
                    )
                ]),
                errors: [.unavailable],
                example: """
                    {"params": {}, "result": {"groups": [
                     {"name": "*", "limit": 16, "running": 2, "waiting": 0, "source": "configuration"},
                     {"name": "disk", "limit": 1, "running": 0, "waiting": 0, "source": "rpc", "by": "uid:0",
                      "changedAt": "2026-11-21T11:03:52.349Z"}]}}
                    """
            ),
        ]
    }

    static var groupSchema: SharedSchema {
        SharedSchema(
            "Group",
            "Tasks that share a limit.",
            .closed([
                .required("name", .text("^([A-Za-z0-9._-]{1,64}|[*])$"), "what tasks name it by; *: all runs"),
                .optional(
                    "limit",
                    .integer(from: 0, to: 10_000),
                    "runs at once; 0: none begins; absent: what the configuration says, and where that says nothing none"
                ),
            ])
        )
    }
}
