import JSON
import NIOCore
import NIOEmbedded
import Testing

@testable import JSONRPC

/// The bounds that need no socket.
struct `A limit` {
    private func limits(_ change: (inout RPCLimits) -> Void) -> RPCLimits {
        var limits = RPCLimits()
        change(&limits)
        return limits
    }

    private func refusal(_ wire: Wire, _ text: String) throws -> JSON {
        let answer = try json(try wire.send(text))
        #expect(answer["error"]?["code"] == 6)
        #expect(answer["error"]?["data"]?["kind"] == "limit")
        #expect(answer["error"]?["data"]?["hint"] != nil)
        return answer
    }

    @Test func `of bytes is told before the message is whole, and closes`() throws {
        let wire = try Wire(limits: limits { $0.messageBytes = 60 })
        let fits = request(#""id":1,"method":"echo","params":["x"]"#)
        #expect(fits.utf8.count <= 60)
        #expect(try wire.send(fits + "\n").contains("result"))
        let answer = try refusal(wire, "{\"a\":\"" + String(repeating: "x", count: 60))
        #expect(answer["error"]?["data"]?["reason"] == "a message of more than 60 bytes")
        #expect(!wire.isOpen)
    }

    @Test func `of depth is told before the message is whole, and closes`() throws {
        let wire = try Wire()
        let answer = try refusal(wire, String(repeating: "[", count: 100_000))
        #expect(answer["error"]?["data"]?["reason"] == "a message nested deeper than 64 levels")
        #expect(answer["id"] == .null)
        #expect(!wire.isOpen)
    }

    @Test func `of depth counts in a body with a header as well`() throws {
        let text = String(repeating: "[", count: 65) + String(repeating: "]", count: 65)
        let output = try Wire().send("Content-Length: 130\r\n\r\n" + text)
        #expect(output.contains("a message nested deeper than 64 levels"))
    }

    @Test func `of a batch refuses the whole batch and goes on`() throws {
        let wire = try Wire(limits: limits { $0.batch = 3 })
        let one = request(#""id":1,"method":"echo""#)
        #expect(try json(try wire.send("[\(one),\(one),\(one)]")).array?.count == 3)
        let answer = try refusal(wire, "[\(one),\(one),\(one),\(one)]")
        #expect(answer["id"] == .null)
        #expect(wire.isOpen)
    }

    @Test func `of time runs from the first byte of a message to its last`() throws {
        let wire = try Wire(limits: limits { $0.messageTime = .seconds(30) })
        let loop = wire.channel.embeddedEventLoop
        let text = request(#""id":1,"method":"echo""#)
        for _ in 0..<3 {  // idle between messages is no matter
            loop.advanceTime(by: .seconds(100))
            #expect(try wire.send(String(text.prefix(5))) == "")
            loop.advanceTime(by: .seconds(29))
            #expect(try wire.send(String(text.dropFirst(5))) != "")
        }
        #expect(try wire.send("{") == "")
        loop.advanceTime(by: .seconds(29))
        #expect(try wire.send("\"a\":") == "")
        loop.advanceTime(by: .seconds(1))
        let answer = try json(try wire.output())
        #expect(answer["error"]?["data"]?["reason"] == "a message took longer than 30.0 seconds")
        #expect(!wire.isOpen)
    }

    @Test func `of unread answers cuts the connection, and nothing is read meanwhile`() throws {
        let wire = try Wire()
        wire.channel.isWritable = false
        wire.channel.pipeline.fireChannelWritabilityChanged()
        #expect(try wire.send(request(#""id":1,"method":"echo""#)) == "")
        wire.channel.isWritable = true
        wire.channel.pipeline.fireChannelWritabilityChanged()
        #expect(try wire.output().contains("result"))
    }

    @Test func `on half-close a message that was begun is a parse error`() throws {
        let wire = try Wire()
        #expect(try wire.send(request(#""id":1,"method":"echo""#) + "\n{").contains("result"))
        #expect(try json(try wire.halfClose())["error"]?["code"] == -32700)
        #expect(!wire.isOpen)
    }

    @Test func `on half-close without anything pending the connection closes`() throws {
        let wire = try Wire()
        #expect(try wire.halfClose() == "")
        #expect(!wire.isOpen)
    }
}
