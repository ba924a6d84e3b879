import JSON
import ReeveProtocol

/// The contract as a document (OpenRPC 1.3.2): what `rpc.discover` answers, and `Protocol/openrpc.json` holds.
enum OpenRPC {
    /// Made anew each time: it is asked for rarely, and large.
    static var document: JSON {
        [
            "openrpc": "1.3.2",
            "info": info,
            "methods": .array(methods.map(\.json)),
            "x-notifications": .array(notifications),
            "components": ["schemas": .object(schemas), "errors": .object(errors)],
        ]
    }

    static var methods: [MethodDescription] {
        agentMethods + taskMethods + groupMethods + runMethods + whyMethods + timelineMethods + serviceMethods
            + eventMethods + endpointMethods + deadLetterMethods + engineMethods
    }

    private static let info: JSON = [
        "title": "reeve",
        "version": .string(Identity.version),
        "description": .string(
            """
            reeve runs a host's work when it is due, and gets every state change to everyone who must hear of it. \
            This is what its agent answers over its Unix socket, as JSON-RPC 2.0.

            Parameters are given by name, or by position in the order in which they are listed; where none is \
            required, `params` may be absent. What a client sends is closed: an unknown member is an error that names \
            the nearest known one. What the agent answers is open: clients ignore members and words that they do not \
            know. `x-role` is the role that a method needs: observe is part of operate, operate of administer; publish \
            stands apart and is part of administer; none is for everybody. Shared schemas that begin with Stored \
            describe in an answer what the one without it describes in a request.

            Every error has `data` as the schema ErrorData tells.
            """
        ),
        "license": ["name": "Apache-2.0"],
    ]

    // MARK: Errors

    private static var errors: JSONObject {
        JSONObject(
            Failure.Kind.allCases.map { kind in
                .init(
                    name: kind.rawValue,
                    value: [
                        "code": .number(String(kind.code)), "message": .string(meaning(of: kind)),
                        "data": ["kind": .string(kind.rawValue)],
                    ]
                )
            }
        )
    }

    private static func meaning(of kind: Failure.Kind) -> String {
        switch kind {
        case .notFound: "There is no such task, run, service, event, endpoint or part; data.hint has the nearest."
        case .conflict:
            "Another revision is current (data.current), it belongs to another source (data.owner), or it is there with other content."
        case .forbidden: "The caller's role (data.role) is not the one that is needed (data.needs)."
        case .invalidState: "What is asked for does not go with what is; where a run is in the way, data.run names it."
        case .unavailable:
            "The part of the agent behind the method (data.part) is restarting, or the agent is stopping: ask again after data.retryAfter."
        case .limit: "A bound was reached; data.reason says which."
        case .deadline: "What was waited for did not happen in time."
        case .signature: "A task's signature is missing, unknown, wrong or expired."
        case .storage: "The disk is full or failing; data.reason says whether anything was done."
        case .parse: "The text is not JSON, or in no framing that is known."
        case .invalidRequest: "It is JSON, but no request."
        case .unknownMethod: "There is no such method; data.hint has the nearest."
        case .invalidParams: "A parameter cannot be taken; data.path says which."
        case .internal: "Something went wrong that the caller is not to blame for."
        }
    }

    // MARK: Schemas

    private static var schemas: JSONObject {
        let requests = requestSchemas
        let names = Set(requests.map(\.name))
        let answered = requests.map { shared in
            SharedSchema(Schema.answeredName(shared.name), shared.text, shared.schema.answered(names))
        }
        let all = simpleSchemas + requests + answered + runSchemas + serviceStateSchemas + eventSchemas + agentSchemas
        return JSONObject(all.map { .init(name: $0.name, value: .object($0.schema.described($0.text).json)) })
    }

    /// The pieces of tasks, services and endpoints: sent by clients, and sent back to them.
    private static var requestSchemas: [SharedSchema] { taskSchemas + [groupSchema] + serviceSchemas + endpointSchemas }
}

/// A schema that others refer to by name.
struct SharedSchema: Sendable {
    var name: String
    var text: String
    var schema: Schema

    init(_ name: String, _ text: String, _ schema: Schema) {
        self.name = name
        self.text = text
        self.schema = schema
    }
}
