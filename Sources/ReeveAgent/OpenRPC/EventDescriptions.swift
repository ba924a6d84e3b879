import JSON
import ReeveProtocol

extension OpenRPC {
    static var eventMethods: [MethodDescription] { [publish, event, events, subscribe, cancel] }

    private static let exampleEvent = """
        {"specversion": "1.0", "id": "019367f2-7a5c-7c3e-9d2b-5f0e6a1b2c3d", "source": "/agents/web-7",
         "type": "dev.reeve.agent.started", "subject": "web-7", "time": "2026-11-21T03:20:11.120Z",
         "datacontenttype": "application/json", "lane": "agent", "sequence": "00000000000000000001", "previous": "",
         "data": {"summary": "agent web-7 started", "changes": [{"id": "019367f2-7a5c-7c3e-9d2b-5f0e6a1b2c3d",
          "sequence": "00000000000000000001", "what": "agent web-7 started"}]}}
        """

    private static var publish: MethodDescription {
        MethodDescription(
            "event.publish",
            .publish,
            "Puts events into the journal, all or none, and answers when they are durable",
            """
            The same source and id with the same content is answered as a duplicate, for as long as the journal holds it; \
            with other content it is a conflict. Types dev.reeve.… are refused.
            """,
            parameters: [.required("events", .list(of: .closed(publishedFields)), "1 to 1000")],
            result: .open([
                .required(
                    "events",
                    .list(
                        of: .open([
                            .required("id", .uuid, "the change's own id"),
                            .required("seq", .integer(from: 1), "its number"),
                            .required("duplicate", .boolean, "it was there already"),
                        ])
                    ),
                    "in the same order"
                )
            ]),
            errors: [.conflict, .limit, .unavailable, .storage],
            example: """
                {"params": {"events": [{"type": "com.example.order.placed", "subject": "order-18", "id": "o-18-placed",
                  "data": {"total": 12.5}}]},
                 "result": {"events": [{"id": "019367f2-7a5c-7c3e-9d2b-5f0e6a1b2c3d", "seq": 42, "duplicate": false}]}}
                """
        )
    }

    private static var publishedFields: [Field] {
        let text = Schema(["type": "string", "minLength": 1, "maxLength": .number(String(PublishedEvent.longestField))])
        return [
            .required("type", text, "not dev.reeve.…"),
            .optional("source", text, "/agents/ID/users/UID by default"),
            .optional("subject", text, "orders: events of one subject never overtake one another"),
            .optional("data", .any, "any JSON"), .optional("id", text, "the publisher's own; for repeats"),
            .optional("time", .time, "when it happened; now by default"),
        ]
    }

    private static var event: MethodDescription {
        MethodDescription(
            "event.get",
            .observe,
            "One change, and how its delivery to each endpoint stands",
            parameters: [.required("event", .string, "the agent's own id of it, or its number")],
            result: .open([
                .required("event", .ref("CloudEvent"), "by itself"),
                .required("endpoints", .list(of: .ref("Delivery")), "those that it is meant for"),
            ]),
            errors: [.notFound, .unavailable],
            example: #"{"params": {"event": "1"}, "result": {"event": \#(exampleEvent), "endpoints": []}}"#
        )
    }

    private static var selection: [Field] {
        [
            .optional("after", .count, "a number of the journal: only what comes behind it"),
            .optional("limit", .integer(from: 1, to: 1000), "events of one answer; 100 by default"),
            .optional("lane", .string, "only of this lane"),
            .optional("type", .string, "only of this type; * stands for any characters"),
            .optional("since", .time, "only since then"),
        ]
    }

    private static var events: MethodDescription {
        MethodDescription(
            "event.list",
            .observe,
            "The journal from a number on",
            parameters: selection + [
                .optional("wait", .duration, "how long to wait for one, if there is none yet"),
                .optional(
                    "as",
                    .string,
                    "an endpoint of kind queue: what it has not committed, by its filter; without lane, type, since"
                ),
            ],
            result: .open([
                .required("events", .list(of: .ref("CloudEvent")), "in the journal's order"),
                .required("next", .count, "what to ask for after: always there, since there may be more later"),
            ]),
            errors: [.unavailable],
            example: #"{"params": {"after": 0, "limit": 1}, "result": {"events": [\#(exampleEvent)], "next": 1}}"#
        )
    }

    private static var subscribe: MethodDescription {
        MethodDescription(
            "event.subscribe",
            .observe,
            "Sends the journal's changes as they are committed",
            """
            A subscription: its items are events. Without after and since it begins with the next change. It ends when it \
            is canceled, when its reader is too slow, or when the store restarts; the last message has the number to go \
            on after.
            """,
            parameters: selection + [reserved("wait"), reserved("as")],
            result: subscription,
            errors: [.limit, .unavailable],
            example: #"{"params": {"after": 0, "lane": "task:nightly-backup"}, "result": {"subscription": "1"}}"#
        )
    }

    private static var cancel: MethodDescription {
        MethodDescription(
            "subscription.cancel",
            .none,
            "Ends a subscription of this connection",
            "Its last message, with the cause canceled, may come before or after the answer.",
            parameters: [.required("subscription", .string, "as the method that opened it answered")],
            result: .open([]),
            errors: [.notFound],
            example: #"{"params": {"subscription": "1"}, "result": {}}"#
        )
    }

    // MARK: Server messages

    /// What the server sends of a subscription, after the answer that opened it.
    static var notifications: [JSON] {
        [
            notification(
                "subscription.next",
                "One item of a subscription",
                [
                    .required("subscription", .string, "whose"),
                    .required("item", .any, "event.subscribe: a CloudEvent; run.follow: a piece of output"),
                    .optional("next", .any, "the position behind the item, for after"),
                ]
            ),
            notification(
                "subscription.end",
                "The last message of a subscription",
                [
                    .required("subscription", .string, "whose"),
                    .required(
                        "cause",
                        .openWord(["ended", "canceled", "slowReader", "stopping", "unavailable"]),
                        "why"
                    ),
                    .optional("next", .any, "the position to go on from, for after"),
                ]
            ),
        ]
    }

    private static func notification(_ name: String, _ summary: String, _ fields: [Field]) -> JSON {
        [
            "name": .string(name), "summary": .string(summary), "paramStructure": "by-name",
            "params": .array(fields.map(MethodDescription.descriptor)),
        ]
    }
}
