import Glibc
import JSON
import Testing

@testable import JSONRPC

struct `The client` {
    private static let count = Method(
        "count",
        parameters: ["to"],
        kind: .immediate { request in
            let end = request.params["to"]?.integer ?? 0
            return .subscription({ sink in
                for number in 0..<end { try? await sink.send(.number("\(number)")) }
                return SubscriptionEnd(cause: SubscriptionEnd.done)
            })
        }
    )

    @Test func `calls, from many tasks at once`() async throws {
        let socket = try SocketServer()
        try await socket.serving(SmallMethods()) { _ in
            let client = try await RPCClient.connect(unixSocket: socket.path)
            try await withThrowingTaskGroup(of: Bool.self) { group in
                for number in 0..<200 {
                    group.addTask { try await client.call("echo", [.number("\(number)")]).integer == number }
                }
                for try await same in group { #expect(same) }
            }
            #expect(try await client.call("names", ["a": 1, "b": [2]]) == ["a": 1, "b": [2]])
            #expect(try await client.call("echo") == .null)
            await client.close()
        }
    }

    @Test func `throws the errors of the server`() async throws {
        let socket = try SocketServer()
        try await socket.serving(SmallMethods()) { _ in
            let client = try await RPCClient.connect(unixSocket: socket.path)
            await #expect(throws: RPCError.unknownMethod("nothing")) { try await client.call("nothing") }
            await #expect(throws: RPCError.internal("out of order")) { try await client.call("broken") }
            await client.close()
        }
    }

    @Test func `tells who is not there from who is not let in`() async throws {
        let socket = try SocketServer()
        let path = socket.path
        await #expect(throws: RPCClientError.connect(path: path + "x", errno: ENOENT)) {
            try await RPCClient.connect(unixSocket: path + "x")
        }
        let long = "/tmp/" + String(repeating: "x", count: 200)
        await #expect(throws: RPCClientError.connect(path: long, errno: ENAMETOOLONG)) {
            try await RPCClient.connect(unixSocket: long)
        }
        shutdown(socket.descriptor, CInt(SHUT_RDWR))
        await #expect(throws: RPCClientError.connect(path: path, errno: ECONNREFUSED)) {
            try await RPCClient.connect(unixSocket: path)
        }
    }

    @Test func `throws when the server goes, now and later`() async throws {
        let gate = Gate()
        let socket = try SocketServer()
        let server = socket.makeServer(gate.dispatcher)
        try await server.start()
        let client = try await RPCClient.connect(unixSocket: socket.path)
        let held = Task { try await client.call("hold", ["a"]) }
        #expect(await gate.next(1) == ["started a"])
        await server.stop(within: .zero)
        await #expect(throws: (any Error).self) { try await held.value }
        await #expect(throws: RPCClientError.closed) { try await client.call("echo") }
    }

    @Test func `cancels at the server what its own task is cancelled for`() async throws {
        let gate = Gate()
        let socket = try SocketServer()
        try await socket.serving(gate.dispatcher) { _ in
            let client = try await RPCClient.connect(unixSocket: socket.path)
            let task = Task { try await client.call("wait", ["a"]) }
            #expect(await gate.next(1) == ["started a"])
            task.cancel()
            await #expect(throws: CancellationError.self) { try await task.value }
            #expect(await gate.next(1) == ["cancelled a"])
            #expect(try await client.call("echo", ["still"]) == "still")
            await client.close()
        }
    }

    @Test func `gets every message of a subscription, also more than it keeps`() async throws {
        let socket = try SocketServer()
        try await socket.serving(SmallMethods(Self.count)) { _ in
            let client = try await RPCClient.connect(unixSocket: socket.path)
            let subscription = try await client.subscribe("count", [20000])
            var items = 0
            for try await element in subscription {
                switch element {
                case .item(let item, _):
                    #expect(item.integer == items)
                    items += 1
                case .end(let cause, _): #expect(cause == "done")
                }
            }
            #expect(items == 20_000)
            await client.close()
        }
    }

    @Test func `ends a subscription with an error when the server goes`() async throws {
        let gate = Gate()
        let silent = Method(
            "silent",
            kind: .immediate { _ in
                .subscription({ _ in
                    try? await gate.hold("silent")
                    return SubscriptionEnd(cause: "returned")
                })
            }
        )
        let socket = try SocketServer()
        try await socket.serving(SmallMethods(silent)) { server in
            let client = try await RPCClient.connect(unixSocket: socket.path)
            let subscription = try await client.subscribe("silent")
            await server.stop(within: .zero)
            var last: ClientSubscription.Element?
            do { for try await element in subscription { last = element } } catch {
                #expect(error as? RPCClientError == .closed)
            }
            #expect(last == nil || last == .end(cause: "stopping", next: nil))
        }
    }
}
