package import JSON

/// An error as JSON-RPC answers it.
///
/// `data` always has `kind`, a stable word for programs, and, where it applies, `reason`, `path` (a JSON Pointer into
/// the parameters), `expected` and `hint` for people.
package struct RPCError: Error, Sendable, Equatable {
    package var code: Int
    package var message: String
    package var data: JSON?

    package init(code: Int, message: String, data: JSON? = nil) {
        self.code = code
        self.message = message
        self.data = data
    }

    /// - Parameters:
    ///   - kind: Becomes `data.kind`.
    ///   - details: More members of `data`; those without a value are left out.
    package init(code: Int, message: String, kind: String, details: KeyValuePairs<String, JSON?> = [:]) {
        var data: JSONObject = ["kind": .string(kind)]
        for (name, value) in details {
            if let value { data.members.append(JSONObject.Member(name: name, value: value)) }
        }
        self.init(code: code, message: message, data: .object(data))
    }
}

extension RPCError {
    /// The bytes are not JSON, or do not come in a framing that is understood here.
    package static func parse(_ reason: String, hint: String? = nil) -> RPCError {
        RPCError(
            code: -32700,
            message: "Parse error",
            kind: "parse",
            details: ["reason": .string(reason), "hint": hint.map { .string($0) }]
        )
    }

    /// It is JSON, but not a request.
    package static func invalidRequest(_ reason: String) -> RPCError {
        RPCError(
            code: -32600,
            message: "Invalid Request",
            kind: "invalidRequest",
            details: ["reason": .string(reason)]
        )
    }

    /// - Parameter nearest: The known name that was perhaps meant.
    package static func unknownMethod(_ name: String, nearest: String? = nil) -> RPCError {
        let shown = name.count > 64 ? String(name.prefix(64)) + "…" : name
        return RPCError(
            code: -32601,
            message: "Method not found",
            kind: "unknownMethod",
            details: [
                "reason": .string("there is no method \(shown)"),
                "hint": nearest.map { .string("did you mean \($0)?") },
            ]
        )
    }

    package static func invalidParams(_ problem: InvalidValue) -> RPCError {
        RPCError(
            code: -32602,
            message: "Invalid params",
            kind: "invalidParams",
            details: [
                "path": .string(problem.path),
                "reason": .string(problem.reason),
                "expected": problem.expected.map { .string($0) },
                "hint": problem.hint.map { .string($0) },
            ]
        )
    }

    /// Something went wrong that the caller is not to blame for and that has no kind of its own.
    package static func `internal`(_ reason: String) -> RPCError {
        RPCError(code: -32603, message: "Internal error", kind: "internal", details: ["reason": .string(reason)])
    }

    /// A bound was reached.
    package static func limit(_ reason: String, hint: String? = nil) -> RPCError {
        RPCError(
            code: 6,
            message: "Limit reached",
            kind: "limit",
            details: ["reason": .string(reason), "hint": hint.map { .string($0) }]
        )
    }

    /// The server is going; what was asked for was not done, or was cut off.
    package static var stopping: RPCError {
        RPCError(
            code: 5,
            message: "Unavailable",
            kind: "unavailable",
            details: ["reason": "the server is stopping", "retryAfter": "1s"]
        )
    }

    /// The client itself canceled the request (the code is that of the Language Server Protocol).
    package static var canceled: RPCError {
        RPCError(
            code: -32800,
            message: "Request canceled",
            kind: "canceled",
            details: ["reason": "the client canceled the request"]
        )
    }

    /// The error as it stands in an answer.
    package var json: JSON {
        var object: JSONObject = ["code": .number(String(code)), "message": .string(message)]
        if let data { object.members.append(JSONObject.Member(name: "data", value: data)) }
        return .object(object)
    }

    /// `data.kind`, if there is one.
    package var kind: String? { data?["kind"]?.string }
}

extension RPCError: CustomStringConvertible {
    package var description: String {
        let reason = data?["reason"]?.string.map { ": \($0)" } ?? ""
        let hint = data?["hint"]?.string.map { "; \($0)" } ?? ""
        return "\(message) (\(code))\(reason)\(hint)"
    }
}
