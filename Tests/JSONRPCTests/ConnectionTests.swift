import Glibc
import JSON
import NIOPosix
import Testing

@testable import JSONRPC

private func call(_ method: String, _ id: String, _ params: String = "{}") -> String {
    request(#""id":\#(id),"method":"\#(method)","params":\#(params)"#) + "\n"
}

/// Calls that take their time, over real sockets.
struct `A connection` {
    @Test func `answers overtake each other`() async throws {
        let gate = Gate()
        let socket = try SocketServer()
        try await socket.serving(gate.dispatcher) { _ in
            let client = try await RawClient(socket.path)
            var texts = client.texts
            try await client.send(call("hold", "1", #"["a"]"#) + call("echo", "2"))
            #expect(try await texts.next()?["id"] == 2)
            #expect(await gate.next(1) == ["started a"])
            await gate.release("a")
            #expect(try await texts.next() == ["jsonrpc": "2.0", "id": 1, "result": "a"])
        }
    }

    @Test func `starts asynchronous methods in the order of the requests`() async throws {
        let (order, seen) = AsyncStream.makeStream(of: Int.self)
        let method = Method(
            "note",
            parameters: ["number"],
            kind: .asynchronous { request in
                seen.yield(request.params["number"]?.integer ?? -1)
                await Task.yield()
                return .json(.null)
            }
        )
        let socket = try SocketServer()
        try await socket.serving(SmallMethods(method)) { _ in
            let client = try await RawClient(socket.path)
            try await client.send((0..<200).map { call("note", "\($0)", "[\($0)]") }.joined())
            var expected = 0
            for await number in order {
                #expect(number == expected)
                expected += 1
                if expected == 200 { break }
            }
        }
    }

    @Test func `a batch is answered when its last request is`() async throws {
        let gate = Gate()
        let socket = try SocketServer()
        try await socket.serving(gate.dispatcher) { _ in
            let client = try await RawClient(socket.path)
            var texts = client.texts
            let batch = [call("hold", "1", #"["a"]"#), call("echo", "2"), call("wait", "3", #"["b"]"#)]
            try await client.send("[" + batch.joined(separator: ",") + "]" + call("echo", "4"))
            #expect(try await texts.next()?["id"] == 4)
            #expect(await gate.next(2) == ["started a", "started b"])
            await gate.release("b")
            await gate.release("a")
            let answers = try await texts.next()?.array ?? []
            #expect(answers.map { $0["id"] } == [1, 2, 3])
            #expect(answers.map { $0["result"] } == ["a", .null, "b"])
        }
    }

    @Test func `half-closed still answers what is pending, then closes`() async throws {
        let gate = Gate()
        let socket = try SocketServer()
        try await socket.serving(gate.dispatcher) { _ in
            let client = try await RawClient(socket.path)
            try await client.send(call("hold", "1", #"["a"]"#) + call("wait", "2", #"["b"]"#))
            try await client.halfClose()
            #expect(await gate.next(2) == ["started a", "started b"])
            await gate.release("a")
            await gate.release("b")
            #expect(try await client.rest().count == 2)
        }
    }

    @Test func `closed by the client cancels what is pending`() async throws {
        let gate = Gate()
        let socket = try SocketServer()
        try await socket.serving(gate.dispatcher) { _ in
            let client = try await RawClient(socket.path)
            try await client.send(call("hold", "1", #"["a"]"#) + call("wait", "2", #"["b"]"#))
            #expect(await gate.next(2) == ["started a", "started b"])
            try await client.close()
            #expect(await gate.next(2) == ["cancelled a", "cancelled b"])
        }
    }

    @Test func `half-closed and then closed by the client cancels what is pending`() async throws {
        let gate = Gate()
        let socket = try SocketServer()
        try await socket.serving(gate.dispatcher) { _ in
            let client = try await RawClient(socket.path)
            try await client.send(call("wait", "2", #"["b"]"#))
            try await client.halfClose()
            #expect(await gate.next(1) == ["started b"])
            try await client.close()
            #expect(await gate.next(1) == ["cancelled b"])
        }
    }

    @Test(arguments: ["7", #""seven""#, #""s\u0065ven""#])
    func `cancels the call that the client names, and answers it`(id: String) async throws {
        let gate = Gate()
        let socket = try SocketServer()
        try await socket.serving(gate.dispatcher) { _ in
            let client = try await RawClient(socket.path)
            var texts = client.texts
            try await client.send(call("wait", id, #"["a"]"#) + call("wait", "8", #"["b"]"#))
            #expect(await gate.next(2) == ["started a", "started b"])
            let named = id.replacing("\\u0065", with: "e")
            try await client.send(request(#""method":"$/cancelRequest","params":{"id":\#(named)}"#))
            #expect(await gate.next(1) == ["cancelled a"])
            let answer = try await texts.next()
            #expect(answer?["id"] == (try json("[\(id)]").array?.first))
            #expect(answer?["error"]?["data"]?["kind"] == "canceled")
            try await client.send(request(#""method":"$/cancelRequest","params":{"id":"none"}"#) + call("echo", "9"))
            #expect(try await texts.next()?["id"] == 9)
        }
    }

    @Test func `stops reading when enough is in flight, and goes on when it is not`() async throws {
        var limits = RPCLimits()
        limits.inFlight = 2
        let gate = Gate()
        let socket = try SocketServer()
        try await socket.serving(gate.dispatcher, limits: limits) { _ in
            let client = try await RawClient(socket.path)
            var texts = client.texts
            let held = ["a", "b", "c"].enumerated().map { call("hold", "\($0.offset)", #"["\#($0.element)"]"#) }
            try await client.send(held.joined() + call("echo", "9"))
            #expect(await gate.next(2) == ["started a", "started b"])
            await gate.release("b")
            #expect(try await texts.next()?["id"] == 1)
            #expect(await gate.next(2) == ["ended b", "started c"])
            await gate.release("c")
            #expect(try await texts.next()?["id"] == 2)
            #expect(try await texts.next()?["id"] == 9)
            await gate.release("a")
            #expect(try await texts.next()?["id"] == 0)
        }
    }

    @Test func `takes a batch larger than what may be in flight`() async throws {
        var limits = RPCLimits()
        limits.inFlight = 3
        let method = Method(
            "later",
            kind: .asynchronous { _ in
                await Task.yield()
                return .json(true)
            }
        )
        let socket = try SocketServer()
        try await socket.serving(SmallMethods(method), limits: limits) { _ in
            let client = try await RawClient(socket.path)
            var texts = client.texts
            try await client.send("[" + (0..<100).map { call("later", "\($0)") }.joined(separator: ",") + "]")
            #expect(try await texts.next()?.array?.compactMap { $0["id"]?.integer } == Array(0..<100))
        }
    }

    @Test func `lets no wait keep other requests out, and bounds the waits`() async throws {
        var limits = RPCLimits()
        limits.inFlight = 1
        limits.waits = 2
        let gate = Gate()
        let socket = try SocketServer()
        try await socket.serving(gate.dispatcher, limits: limits) { _ in
            let client = try await RawClient(socket.path)
            var texts = client.texts
            let waits = ["a", "b", "c"].map { call("wait", "\"\($0)\"", #"["\#($0)"]"#) }
            try await client.send(waits.joined() + call("echo", "9"))
            let refused = try await texts.next()
            #expect(refused?["id"] == "c")
            #expect(refused?["error"]?["code"] == 6)
            #expect(try await texts.next()?["id"] == 9)
            #expect(await gate.next(2) == ["started a", "started b"])
        }
    }

    @Test func `one over the limit is told so and closed; another is taken when one has gone`() async throws {
        var limits = RPCLimits()
        limits.connections = 1
        let gate = Gate()
        let socket = try SocketServer()
        try await socket.serving(gate.dispatcher, limits: limits) { _ in
            let first = try await RawClient(socket.path)
            try await first.send(call("wait", "1", #"["a"]"#))
            #expect(await gate.next(1) == ["started a"])
            let refused = try await RawClient(socket.path).rest()
            #expect(refused.map { $0["error"]?["code"] } == [6])
            try await first.close()
            #expect(await gate.next(1) == ["cancelled a"])
        }
    }

    @Test func `that reads nothing is not read from, and harms no other`() async throws {
        let socket = try SocketServer()
        let big = Method("big", kind: .immediate { _ in .json(.string(String(repeating: "x", count: 1 << 16))) })
        try await socket.serving(SmallMethods(big)) { _ in
            let silent = try await RawClient(socket.path, reads: false)
            silent.sendWithoutWaiting((0..<100).map { call("big", "\($0)") }.joined())
            let other = try await RawClient(socket.path)
            var texts = other.texts
            try await other.send(call("echo", "1"))
            #expect(try await texts.next()?["id"] == 1)
            try await silent.startReading()
            var answers = silent.texts
            for number in 0..<100 { #expect(try await answers.next()?["id"]?.integer == number) }
        }
    }

    @Test func `that leaves too many answers unread is cut`() async throws {
        var limits = RPCLimits()
        limits.unreadBytes = 1 << 18
        let gate = Gate()
        var dispatcher = gate.dispatcher
        dispatcher.methods["big"] = Method(
            "big",
            kind: .asynchronous { _ in
                await Task.yield()
                return .json(.string(String(repeating: "x", count: 1 << 16)))
            }
        )
        let socket = try SocketServer()
        try await socket.serving(dispatcher, limits: limits) { _ in
            let silent = try await RawClient(socket.path, reads: false)
            try await silent.send(call("wait", "0", #"["a"]"#) + (1...100).map { call("big", "\($0)") }.joined())
            #expect(await gate.next(2) == ["started a", "cancelled a"])
        }
    }

    @Test func `is closed at once if who it is cannot be found out`() async throws {
        let socket = try SocketServer()
        let server = RPCServer(
            listeners: [RPCServer.Listener(descriptor: socket.descriptor)],
            group: .singletonMultiThreadedEventLoopGroup,
            dispatcher: SmallMethods()
        ) { _, _ in throw RPCError.internal("who are you?") }
        try await server.start()
        #expect(try await RawClient(socket.path).rest().isEmpty)
        await server.stop(within: .zero)
    }

    @Test func `knows who it is and which listener it came from`() async throws {
        let method = Method("who", kind: .immediate { .json(.string($0.connection.peer as? String ?? "nobody")) })
        let socket = try SocketServer()
        try await socket.serving(SmallMethods(method)) { _ in
            let client = try await RawClient(socket.path)
            var texts = client.texts
            try await client.send(call("who", "1"))
            #expect(try await texts.next()?["result"] == .string("main, pid \(getpid())"))
        }
    }
}
