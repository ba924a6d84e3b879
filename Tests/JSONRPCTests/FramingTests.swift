import JSON
import NIOCore
import NIOEmbedded
import TestSupport
import Testing

@testable import JSONRPC

private let ping = request(#""id":1,"method":"echo","params":["x"]"#)
private let pong = #"{"jsonrpc":"2.0","id":1,"result":"x"}"#

private func headed(_ text: String) -> String { "Content-Length: \(text.utf8.count)\r\n\r\n\(text)" }

struct `A stream of texts` {
    @Test(arguments: [
        (ping + "\n", pong + "\n"),
        (ping, pong + "\n\n"),
        (ping + "\n\n", pong + "\n\n"),
        (ping + "\r\n", pong + "\n"),
        (" \n\t" + ping + " \n", pong + "\n"),
        (ping + "\n" + ping + "\n", pong + "\n" + pong + "\n"),
        (ping + ping, pong + "\n\n" + pong + "\n\n"),
        (ping + "\n\n" + ping + "\n\n", pong + "\n\n" + pong + "\n\n"),
        (ping + "\n" + ping, pong + "\n" + pong + "\n"),
    ])
    func `is answered with the client's own kind of line end`(input: String, output: String) throws {
        #expect(try Wire().send(input) == output)
    }

    @Test func `keeps the line end that the first answer had`() throws {
        let wire = try Wire()
        #expect(try wire.send(ping + "\n") == pong + "\n")
        #expect(try wire.send(ping) == pong + "\n")
        #expect(try wire.send("\n\n" + ping + "\n\n") == pong + "\n")
        let other = try Wire()
        #expect(try other.send(ping) == pong + "\n\n")
        #expect(try other.send("\n" + ping + "\n") == pong + "\n\n")
    }

    @Test func `counts a newline that comes before the answer is written`() throws {
        let wire = try Wire()
        wire.channel.pipeline.fireChannelRead(ByteBuffer(string: ping))
        wire.channel.pipeline.fireChannelRead(ByteBuffer(string: "\n"))
        wire.channel.pipeline.fireChannelReadComplete()
        #expect(try wire.output() == pong + "\n")
    }

    @Test func `may be pretty, in pieces of any size, and without anything between`() throws {
        let pretty = try json(ping).pretty
        #expect(try Wire().send(pretty) == pong + "\n\n")
        #expect(try Wire().sendSlowly(pretty + pretty) == pong + "\n\n" + pong + "\n\n")
    }

    @Test func `is answered in the order of the requests`() throws {
        let input = (0..<500).map { request(#""id":\#($0),"method":"echo","params":[\#($0)]"#) + "\n" }.joined()
        let lines = try Wire().send(input).split(separator: "\n")
        #expect(lines.count == 500)
        for (number, line) in lines.enumerated() {
            #expect(line == #"{"jsonrpc":"2.0","id":\#(number),"result":\#(number)}"#)
        }
    }

    @Test(arguments: 1...30)
    func `has the same answers however it is cut`(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let texts = (0..<20).map { number in
            let text = request(
                #""id":\#(number),"method":"echo","params":["\#(String(repeating: "é}\\n", count: number))"]"#
            )
            return number.isMultiple(of: 3) ? "[\(text),\(text)]" : text
        }
        for input in [texts.map { $0 + "\n" }.joined(), texts.joined(), texts.map(headed).joined()] {
            let expected = try Wire().send(input)
            #expect(expected.contains("\"id\":19"))
            let wire = try Wire()
            var rest = Array(input.utf8)[...]
            while !rest.isEmpty {
                let piece = rest.prefix(Int.random(in: 1...200, using: &random))
                rest = rest.dropFirst(piece.count)
                wire.channel.pipeline.fireChannelRead(ByteBuffer(bytes: piece))
            }
            wire.channel.pipeline.fireChannelReadComplete()
            #expect(try wire.output() == expected)
        }
    }

    @Test func `is written in one piece for each read`() throws {
        let wire = try Wire()
        try wire.channel.writeInbound(ByteBuffer(string: ping + "\n" + ping + "\n" + ping + "\n"))
        #expect(try wire.channel.readOutbound(as: ByteBuffer.self) != nil)
        #expect(try wire.channel.readOutbound(as: ByteBuffer.self) == nil)
    }

    @Test func `gets its answers before the error of what follows`() throws {
        let wire = try Wire()
        let lines = try wire.send(ping + "\n" + "garbage\n" + ping + "\n").split(separator: "\n")
        #expect(lines.count == 2)
        #expect(lines.first == pong[...])
        #expect(try json(String(lines.last ?? ""))["error"]?["code"] == -32700)
        #expect(!wire.isOpen)
    }
}

struct `Header framing` {
    @Test func `is answered alike`() throws {
        #expect(try Wire().send(headed(ping)) == headed(pong))
        #expect(try Wire().sendSlowly(headed(ping) + headed(ping)) == headed(pong) + headed(pong))
    }

    @Test(arguments: [
        "Content-Length: N\r\nContent-Type: application/vscode-jsonrpc; charset=utf8\r\n\r\n",
        "Content-Type: x\r\nContent-Length:N\r\n\r\n", "content-length:  N\n\n",
        "Content-Length: N\r\nX-Other: 1\r\n\r\n",
    ])
    func `takes other headers, any case and bare newlines`(header: String) throws {
        let text = header.replacing("N", with: "\(ping.utf8.count)") + ping
        #expect(try Wire().send(text) == headed(pong))
    }

    @Test(arguments: [
        "Content-Type: x\r\n\r\n{}", "Content-Length: x\r\n\r\n{}", "Content-Length: -2\r\n\r\n{}",
        "Content-Length:\r\n\r\n{}",
        "Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}", "Content-Length: 99999999999999999999\r\n\r\n",
        "Content-Length: 3\r\n\r\n{}x", "Content-Length: 1\r\n\r\n{}",
    ])
    func `gets an error in the same framing if it is wrong`(text: String) throws {
        let wire = try Wire()
        let output = try wire.send(text)
        let body = try #require(output.split(separator: "\r\n\r\n", maxSplits: 1).last)
        #expect(output == headed(String(body)))
        #expect(try json(String(body))["error"]?["code"] == -32700)
        #expect(!wire.isOpen)
    }

    @Test func `has bounds for headers and bodies`() throws {
        var limits = RPCLimits()
        limits.messageBytes = 100
        let body = try Wire(limits: limits).send("Content-Length: 101\r\n\r\n")
        #expect(body.contains("a message of more than 100 bytes"))
        let header = try Wire().send("Content-Length: 10\r\nX: " + String(repeating: "x", count: 9_000))
        #expect(header.contains("a header of more than 8192 bytes"))
    }
}

struct `Anything else` {
    @Test(arguments: [
        "get / HTTP/1.1\r\n\r\n", "POSTING /rpc HTTP/1.1\r\n", "hello\n", "Contend", "\u{16}\u{3}\u{1}", "\"x\"", "1",
    ])
    func `gets one parse error and the connection is closed`(text: String) throws {
        let wire = try Wire()
        let answer = try json(try wire.send(text))
        #expect(answer["error"]?["code"] == -32700)
        #expect(answer["error"]?["data"]?["kind"] == "parse")
        #expect(answer["id"] == .null)
        #expect(!wire.isOpen)
    }

    @Test func `is waited for as long as it may become a header`() throws {
        let wire = try Wire()
        #expect(try wire.send("Conte") == "")
        #expect(try wire.send("nt-Length: \(ping.utf8.count)\r\n\r\n" + ping) == headed(pong))
    }
}
