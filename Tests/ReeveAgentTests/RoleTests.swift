import JSON
import JSONRPC
import Logging
import ReeveProtocol
import TestSupport
import Testing

@testable import ReeveAgent

/// Who may do what.
struct RoleTests {
    @Test(
        arguments: [
            (Role.none, [Role.none]), (.publish, [.none, .publish]), (.observe, [.none, .observe]),
            (.operate, [.none, .observe, .operate]), (.administer, Role.allCases),
        ]
    )
    func `a role contains what is below it`(role: Role, contains: [Role]) {
        #expect(Role.allCases.filter(role.grants) == contains)
    }

    @Test func `root and the agent's own user administer, and nobody else has a role`() {
        let rules = AccessRules(owner: 1000)
        #expect(rules.role(of: Caller(uid: 0, gid: 0, pid: 1)) == .administer)
        #expect(rules.role(of: Caller(uid: 1000, gid: 5, pid: 1)) == .administer)
        // The group is of no account.
        #expect(rules.role(of: Caller(uid: 1001, gid: 0, pid: 1)) == .none)
        #expect(rules.role(of: Caller(uid: .max, gid: 0, pid: 0)) == .none)
    }

    @Test func `without a role one may ping, ask who one is, and discover; all else is refused`() async throws {
        try await connected(as: Caller(uid: 4711, gid: 4711, pid: 1)) { client, _ in
            for method in OpenRPC.methods {
                let isOpen = ["rpc.discover", "agent.ping", "agent.whoami", "subscription.cancel"].contains(method.name)
                #expect((method.role == .none) == isOpen, "\(method.name)")
                guard !isOpen else { continue }
                let error = try #require(try await failure(client, method.name), "\(method.name)")
                #expect(error.kind == "forbidden" && error.code == 3, "\(method.name): \(error.json.text)")
                #expect(error.data?["needs"]?.string == method.role.rawValue)
                #expect(error.data?["role"] == "none")
                #expect(error.data?["hint"]?.string?.contains("root") == true)
            }
            #expect(try await client.call("agent.ping")["time"] != nil)
            let me = try await client.call("agent.whoami")
            #expect(me["uid"] == 4711 && me["role"] == "none" && me["user"] == .null)
            #expect(try await client.call("rpc.discover")["openrpc"] == "1.3.2")
        }
    }

    @Test func `a caller of the agent's own user gets through to parts that are away`() async throws {
        try await connected(as: Caller(uid: 77, gid: 77, pid: 1), owner: 77) { client, _ in
            let error = try #require(try await failure(client, "task.list"))
            #expect(error.kind == "unavailable" && error.code == 5)
            #expect(error.data?["part"] == "store")
            #expect(error.data?["retryAfter"]?.string.flatMap { Interval($0) } != nil)
            // What needs no store is answered all the same.
            #expect(try await client.call("agent.status")["store"] == .null)
            #expect(try await client.call("engine.report")["state"] != nil)
        }
    }

    @Test(
        arguments: [
            (4711, "/metrics", "403 Forbidden"), (4711, "/readyz", "403 Forbidden"), (4711, "/healthz", "200 OK"),
            (4711, "/openrpc.json", "200 OK"), (77, "/metrics", "200 OK"), (77, "/readyz", "503 Service Unavailable"),
        ] as [(UInt32, String, String)]
    )
    func `a page is for who may call its method`(uid: UInt32, page: String, status: String) async throws {
        try await connected(as: Caller(uid: uid, gid: uid, pid: 1), owner: 77) { _, path in
            let connection = try RawConnection(path)
            try connection.send("GET \(page) HTTP/1.1\r\nHost: reeve\r\n\r\n")
            #expect(try await connection.line() == "HTTP/1.1 \(status)\r")
        }
    }

    private func failure(_ client: RPCClient, _ method: String) async throws -> RPCError? {
        do {
            _ = try await client.call(method)
            return nil
        } catch let error as RPCError {
            return error
        }
    }

    /// A server with the agent's methods that takes everybody for that caller.
    private func connected(
        as caller: Caller,
        owner: UInt32 = 0,
        _ body: (RPCClient, String) async throws -> Void
    ) async throws {
        let folder = try TemporaryFolder()
        let socket = try ListeningSocket(SocketConfiguration(path: folder.path + "/s"))
        defer { socket.remove() }
        let server = RPCServer(
            listeners: [RPCServer.Listener(descriptor: socket.descriptor)],
            group: sharedEventLoops,
            dispatcher: AgentDispatcher(
                try MethodTable.ofTest(),
                access: AccessRules(owner: owner),
                logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
            ),
            identify: { _, _ in Client(caller) }
        )
        try await server.start()
        let client = try await RPCClient.connect(unixSocket: folder.path + "/s")
        let result: Result<Void, any Error>
        do { result = .success(try await body(client, folder.path + "/s")) } catch { result = .failure(error) }
        await client.close()
        await server.stop(within: .zero)
        try result.get()
    }
}
