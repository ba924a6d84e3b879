import JSON
import Testing

@testable import JSONRPC

struct `Stopping the server` {
    private func call(_ method: String, _ id: String, _ name: String) -> String {
        request(#""id":\#(id),"method":"\#(method)","params":["\#(name)"]"#) + "\n"
    }

    @Test func `has what is in flight answered and ends the waits`() async throws {
        let gate = Gate()
        let socket = try SocketServer()
        let server = socket.makeServer(gate.dispatcher)
        try await server.start()
        let client = try await RawClient(socket.path)
        var texts = client.texts
        try await client.send(call("hold", "1", "a") + call("wait", "2", "b"))
        #expect(await gate.next(2) == ["started a", "started b"])
        async let stopped: Void = server.stop(within: .seconds(3600))
        let wait = try await texts.next()
        #expect(wait?["id"] == 2)
        #expect(wait?["error"]?["data"]?["kind"] == "unavailable")
        await gate.release("a")
        #expect(try await texts.next()?["result"] == "a")
        #expect(try await texts.next() == nil)
        await stopped
    }

    @Test func `tells who waits for a listener to close`() async throws {
        let socket = try SocketServer()
        let server = socket.makeServer(SmallMethods())
        try await server.start()
        let cancelled = Task { await server.listenerClosed() }
        cancelled.cancel()
        await cancelled.value
        async let closed: Void = server.listenerClosed()
        await server.stop(within: .zero)
        await closed
    }

    @Test func `cuts off what does not end in time and waits for it`() async throws {
        let gate = Gate()
        let socket = try SocketServer()
        let server = socket.makeServer(gate.dispatcher)
        try await server.start()
        let client = try await RawClient(socket.path)
        try await client.send(call("hold", "1", "a"))
        #expect(await gate.next(1) == ["started a"])
        await server.stop(within: .zero)
        #expect(await gate.next(1) == ["cancelled a"])
        #expect(server.connectionCount == 0)
    }

    @Test func `leaves the owner's socket to the next server, and clients wait meanwhile`() async throws {
        let socket = try SocketServer()
        try await socket.serving(SmallMethods()) { _ in
            let client = try await RawClient(socket.path)
            var texts = client.texts
            try await client.send(call("echo", "1", "x"))
            #expect(try await texts.next()?["id"] == 1)
        }
        let early = try await RawClient(socket.path)
        try await early.send(call("echo", "2", "y"))
        try await socket.serving(SmallMethods()) { _ in
            var texts = early.texts
            let answer = try await texts.next()
            #expect(answer?["result"] == "y")
        }
    }
}
