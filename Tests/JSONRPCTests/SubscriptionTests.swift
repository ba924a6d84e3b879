import JSON
import Testing

@testable import JSONRPC

struct `A subscription` {
    /// `count {to}` sends the numbers up to `to`, each with the position after it.
    private static let count = Method(
        "count",
        parameters: ["to"],
        kind: .asynchronous { request in
            let end = request.params["to"]?.integer ?? 0
            return .subscription(
                { sink in
                    for number in 0..<end {
                        do {
                            try await sink.send(.number("\(number)"), next: .number("\(number + 1)"))
                        } catch {
                            return SubscriptionEnd(cause: "sink")
                        }
                    }
                    return SubscriptionEnd(cause: SubscriptionEnd.done, next: .number("\(end)"))
                },
                members: ["of": "numbers"]
            )
        }
    )

    /// Sends nothing until it is cancelled.
    private static func silent(_ gate: Gate) -> Method {
        Method(
            "silent",
            kind: .immediate { _ in
                .subscription({ _ in
                    try? await gate.hold("silent")
                    return SubscriptionEnd(cause: "returned")
                })
            }
        )
    }

    private static let cancel = Method(
        "subscription.cancel",
        parameters: ["subscription"],
        kind: .immediate { request in
            .json(.bool(request.connection.cancelSubscription(request.params["subscription"]?.string ?? "")))
        }
    )

    private func call(_ method: String, _ id: String, _ params: String = "[]") -> String {
        request(#""id":\#(id),"method":"\#(method)","params":\#(params)"#) + "\n"
    }

    @Test func `is answered first, then sends its items in order, then its end`() async throws {
        let socket = try SocketServer()
        try await socket.serving(SmallMethods(Self.count)) { _ in
            let client = try await RawClient(socket.path)
            var texts = client.texts
            try await client.send(call("count", "1", "[1000]"))
            #expect(
                try await texts.next() == [
                    "jsonrpc": "2.0", "id": 1, "result": ["subscription": "1", "of": "numbers"],
                ]
            )
            for number in 0..<1000 {
                let params = try await texts.next()?["params"]
                #expect(
                    params == ["subscription": "1", "item": .number("\(number)"), "next": .number("\(number + 1)")]
                )
            }
            let end = try await texts.next()
            #expect(end?["method"] == "subscription.end")
            #expect(end?["params"] == ["subscription": "1", "cause": "done", "next": 1000])
        }
    }

    @Test func `in a batch begins after the batch was answered`() async throws {
        let socket = try SocketServer()
        try await socket.serving(SmallMethods(Self.count)) { _ in
            let client = try await RawClient(socket.path)
            var texts = client.texts
            try await client.send("[\(call("count", "1", "[1]")),\(call("echo", "2"))]")
            #expect(try await texts.next()?.array?.count == 2)
            #expect(try await texts.next()?["method"] == "subscription.next")
            #expect(try await texts.next()?["method"] == "subscription.end")
        }
    }

    @Test func `ends when the client cancels it`() async throws {
        let gate = Gate()
        let socket = try SocketServer()
        try await socket.serving(SmallMethods(Self.silent(gate), Self.cancel)) { _ in
            let client = try await RawClient(socket.path)
            var texts = client.texts
            try await client.send(call("silent", "1"))
            #expect(try await texts.next()?["result"] == ["subscription": "1"])
            #expect(await gate.next(1) == ["started silent"])
            try await client.send(call("subscription.cancel", "2", #"["1"]"#))
            let messages = [try await texts.next(), try await texts.next()]
            #expect(messages.contains { $0?["result"] == true })
            #expect(messages.contains { $0?["params"] == ["subscription": "1", "cause": "canceled"] })
            #expect(await gate.next(1) == ["cancelled silent"])
            try await client.send(call("subscription.cancel", "3", #"["1"]"#))
            #expect(try await texts.next()?["result"] == false)
        }
    }

    @Test func `is cancelled when the client goes, and ends when the server stops`() async throws {
        let gate = Gate()
        let socket = try SocketServer()
        try await socket.serving(SmallMethods(Self.silent(gate))) { server in
            let client = try await RawClient(socket.path)
            try await client.send(call("silent", "1"))
            #expect(await gate.next(1) == ["started silent"])
            try await client.close()
            #expect(await gate.next(1) == ["cancelled silent"])

            let second = try await RawClient(socket.path)
            try await second.send(call("silent", "1"))
            #expect(await gate.next(1) == ["started silent"])
            await server.stop(within: .seconds(3600))
            let texts = try await second.rest()
            #expect(texts.last?["params"] == ["subscription": "1", "cause": "stopping"])
        }
    }

    @Test func `suspends its producer while the client does not read, and loses nothing`() async throws {
        let socket = try SocketServer()
        try await socket.serving(SmallMethods(Self.count)) { _ in
            let client = try await RawClient(socket.path, reads: false)
            try await client.send(call("count", "1", "[10000]"))
            let other = try await RawClient(socket.path)
            var others = other.texts
            try await other.send(call("echo", "1"))
            #expect(try await others.next()?["id"] == 1)
            try await client.startReading()
            var texts = client.texts
            _ = try await texts.next()
            var next = 0
            while let message = try await texts.next(), message["method"] == "subscription.next" {
                #expect(message["params"]?["item"]?.integer == next)
                next += 1
            }
            #expect(next == 10_000)
        }
    }

    @Test func `ends with the position to go on from when its reader is too slow`() async throws {
        var limits = RPCLimits()
        limits.slowReaderTime = .zero
        let gate = Gate()
        let endless = Method(
            "endless",
            kind: .immediate { _ in
                .subscription({ sink in
                    var number = 0
                    while (try? await sink.send(.number("\(number)"), next: .number("\(number + 1)"))) != nil {
                        number += 1
                    }
                    gate.tell("over")
                    return SubscriptionEnd(cause: "over")
                })
            }
        )
        let socket = try SocketServer()
        try await socket.serving(SmallMethods(endless), limits: limits) { _ in
            let client = try await RawClient(socket.path, reads: false)
            try await client.send(call("endless", "1"))
            #expect(await gate.next(1) == ["over"])
            try await client.startReading()
            var texts = client.texts
            _ = try await texts.next()
            var position: JSON?
            while let params = try await texts.next()?["params"] {
                guard params["cause"] == nil else {
                    #expect(params["cause"] == "slowReader")
                    #expect(params["next"] == position)
                    break
                }
                position = params["next"]
            }
            #expect(position != nil)
        }
    }

    @Test func `counts as a wait`() async throws {
        var limits = RPCLimits()
        limits.waits = 1
        let gate = Gate()
        let socket = try SocketServer()
        try await socket.serving(SmallMethods(Self.silent(gate)), limits: limits) { _ in
            let client = try await RawClient(socket.path)
            var texts = client.texts
            try await client.send(call("silent", "1") + call("silent", "2"))
            #expect(try await texts.next()?["result"] == ["subscription": "1"])
            #expect(try await texts.next()?["error"]?["code"] == 6)
        }
    }
}
