import JSON
package import JSONRPC
import Logging
import ReeveEngine
import ReeveProtocol
import ReeveStore

/// Finds the method of a request, sees that the caller may use it, and turns what goes wrong into the contract's errors.
package struct AgentDispatcher: Dispatcher {
    private let methods: [String: Method]
    private let names: [String]

    /// - Parameter logger: refused calls are told here.
    init(_ table: [AgentMethod], access: AccessRules, logger: Logger) {
        names = table.map(\.name)
        methods = Dictionary(
            uniqueKeysWithValues: table.map { ($0.name, Self.bind($0, access, logger)) }
        )
    }

    /// Names are also taken as some clients spell them: `task_list` and `task-list` for `task.list`.
    package func method(named name: String) -> Method? {
        if let method = methods[name] { return method }
        guard let separator = name.firstIndex(where: { $0 == "_" || $0 == "-" }) else { return nil }
        return methods[name.replacingCharacter(at: separator, with: ".")]
    }

    package func unknown(_ name: String) -> RPCError {
        .unknownMethod(name, nearest: nearest(name, among: names))
    }

    package var pages: [String: HTTPPage] { HTTPPages.all }

    package func failure(_ error: any Error) -> RPCError {
        switch error {
        case let error as RPCError: error
        case is CancellationError: .canceled
        default: Failure(telling: error).map(RPCError.init) ?? .internal(String(describing: error))
        }
    }

    private static func bind(_ method: AgentMethod, _ access: AccessRules, _ logger: Logger) -> Method {
        @Sendable func call(_ request: Request) throws -> Call {
            // The server's owner put it there when it accepted the connection.
            let client = request.connection.peer as? Client ?? Client(Caller(uid: .max, gid: .max, pid: 0))
            let caller = client.caller
            let role = access.role(of: caller)
            guard role.grants(method.role) else {
                logger.notice(
                    "refused a call",
                    metadata: [
                        "rpc.method": "\(method.name)", "peer.uid": "\(caller.uid)", "peer.pid": "\(caller.pid)",
                    ]
                )
                throw access.refusal(caller, role, method: method.name, needs: method.role)
            }
            return Call(parameters: request.params, client: client, role: role, request: request)
        }
        @Sendable func settled(_ request: Request) async throws -> Call {
            let call = try call(request)
            await call.client.settled()
            return call
        }
        let kind: Method.Kind =
            switch method.kind {
            case .immediate(let body): .immediate { .json(try body(try call($0))) }
            case .changing(let body):
                .asynchronous { request in
                    let call = try call(request)
                    return .json(try await call.client.change { try await body(call) })
                }
            case .reading(let body): .asynchronous { .json(try await body(try await settled($0))) }
            case .waiting(let body): .waiting { .json(try await body(try await settled($0))) }
            case .subscription(let body): .asynchronous { .subscription(try await body(try await settled($0))) }
            }
        return Method(method.name, parameters: method.parameters, kind: kind)
    }
}

extension RPCError {
    init(_ failure: Failure) {
        self.init(code: failure.kind.code, message: failure.message, data: failure.data)
    }
}

extension String {
    fileprivate func replacingCharacter(at index: Index, with text: String) -> String {
        var result = self
        result.replaceSubrange(index...index, with: text)
        return result
    }
}
