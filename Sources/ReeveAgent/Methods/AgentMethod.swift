package import JSON
package import JSONRPC
import ReeveProtocol

/// One method of the socket: who may call it, what it takes, what it does.
package struct AgentMethod: Sendable {
    package enum Kind: Sendable {
        /// Answered at once, without waiting for anything.
        case immediate(@Sendable (Call) throws -> JSON)
        /// Changes something, and is answered when that is done. What it hands to the store before its first wait takes
        /// effect in the order of the requests.
        case changing(@Sendable (Call) async throws -> JSON)
        /// Reads what the changes before it on the same connection have left.
        case reading(@Sendable (Call) async throws -> JSON)
        /// Reads, may wait for long, and is counted among a connection's waits.
        case waiting(@Sendable (Call) async throws -> JSON)
        /// Answers with a subscription, whose items the producer sends.
        case subscription(@Sendable (Call) async throws -> SubscriptionProducer)
    }

    package let name: String
    package let role: Role
    /// The names of the parameters in the order in which they may be given by position.
    package let parameters: [String]
    package let kind: Kind
}

/// One request for a method.
package struct Call: Sendable {
    package var parameters: JSONObject
    var client: Client
    package var role: Role
    package var request: Request

    package var caller: Caller { client.caller }

    /// The parameters as a value; an unknown field, a missing one, a wrong type are the caller's errors.
    func decode<Parameters: Decodable>(_ type: Parameters.Type) throws(Failure) -> Parameters {
        do {
            return try JSONCoder.decode(type, from: .object(parameters), unknownFields: .reject)
        } catch {
            throw Failure(error)
        }
    }
}

/// Parameters whose coding keys are their names, in the order in which they may be given by position.
package protocol MethodParameters: Decodable, Sendable {
    associatedtype CodingKeys: CodingKey & CaseIterable
}

extension MethodParameters {
    static var names: [String] { CodingKeys.allCases.map(\.stringValue) }
}

extension AgentMethod {
    static func immediate<P: MethodParameters>(
        _ name: String,
        _ role: Role,
        _ body: @escaping @Sendable (P, Call) throws -> JSON
    ) -> AgentMethod {
        AgentMethod(name, role, P.self, .immediate { call in try body(call.decode(P.self), call) })
    }

    static func changing<P: MethodParameters>(
        _ name: String,
        _ role: Role,
        _ body: @escaping @Sendable (P, Call) async throws -> JSON
    ) -> AgentMethod {
        AgentMethod(name, role, P.self, .changing(decoding(body)))
    }

    static func reading<P: MethodParameters>(
        _ name: String,
        _ role: Role,
        _ body: @escaping @Sendable (P, Call) async throws -> JSON
    ) -> AgentMethod {
        AgentMethod(name, role, P.self, .reading(decoding(body)))
    }

    static func waiting<P: MethodParameters>(
        _ name: String,
        _ role: Role,
        _ body: @escaping @Sendable (P, Call) async throws -> JSON
    ) -> AgentMethod {
        AgentMethod(name, role, P.self, .waiting(decoding(body)))
    }

    static func subscription<P: MethodParameters>(
        _ name: String,
        _ role: Role,
        _ body: @escaping @Sendable (P, Call) async throws -> SubscriptionProducer
    ) -> AgentMethod {
        AgentMethod(name, role, P.self, .subscription(decoding(body)))
    }

    private init<P: MethodParameters>(_ name: String, _ role: Role, _ parameters: P.Type, _ kind: Kind) {
        self.init(name: name, role: role, parameters: P.names, kind: kind)
    }

    private static func decoding<P: MethodParameters, Answer>(
        _ body: @escaping @Sendable (P, Call) async throws -> Answer
    ) -> @Sendable (Call) async throws -> Answer {
        { call in try await body(call.decode(P.self), call) }
    }
}
