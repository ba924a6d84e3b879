package import JSON

/// Why a method did not do what it was asked, as the socket tells it.
package struct Failure: Error, Sendable, Equatable {
    /// Stable words, each with its number (`Protocol/`, errors).
    package enum Kind: String, Sendable, CaseIterable {
        case notFound, conflict, forbidden, invalidState, unavailable, limit, deadline, signature, storage
        case parse, invalidRequest, unknownMethod, invalidParams, `internal`

        package var code: Int {
            switch self {
            case .notFound: 1
            case .conflict: 2
            case .forbidden: 3
            case .invalidState: 4
            case .unavailable: 5
            case .limit: 6
            case .deadline: 7
            case .signature: 8
            case .storage: 9
            case .parse: -32700
            case .invalidRequest: -32600
            case .unknownMethod: -32601
            case .invalidParams: -32602
            case .internal: -32603
            }
        }
    }

    package var kind: Kind
    package var message: String
    package var path: String?
    package var reason: String?
    package var expected: String?
    package var hint: String?
    /// Further members of `data`, such as `current`, `owner`, `run`, `retryAfter`.
    package var details: JSONObject

    package init(
        _ kind: Kind,
        _ message: String,
        path: String? = nil,
        reason: String? = nil,
        expected: String? = nil,
        hint: String? = nil,
        details: JSONObject = JSONObject()
    ) {
        self.kind = kind
        self.message = message
        self.path = path
        self.reason = reason
        self.expected = expected
        self.hint = hint
        self.details = details
    }

    /// A parameter that cannot be taken; `value.path` is from the parameters on.
    package init(_ value: InvalidValue) {
        self.init(
            .invalidParams,
            value.path.isEmpty ? "invalid parameters: \(value.reason)" : "\(value.path): \(value.reason)",
            path: value.path,
            reason: value.reason,
            expected: value.expected,
            hint: value.hint
        )
        details["cause"] = value.cause.map(JSON.string)
    }

    /// The `data` of the error.
    package var data: JSON {
        var object = JSONObject([.init(name: "kind", value: .string(kind.rawValue))])
        object["path"] = path.map(JSON.string)
        object["reason"] = reason.map(JSON.string)
        object["expected"] = expected.map(JSON.string)
        object["hint"] = hint.map(JSON.string)
        object.members += details.members
        return .object(object)
    }
}

extension Failure: CustomStringConvertible {
    package var description: String {
        message + (hint.map { "; \($0)" } ?? "")
    }
}
