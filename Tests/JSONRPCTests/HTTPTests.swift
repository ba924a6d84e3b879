import JSON
import NIOCore
import NIOEmbedded
import Testing

@testable import JSONRPC

/// Small methods, and two pages made of them.
private struct PagedMethods: Dispatcher {
    private let small: SmallMethods

    init(_ more: Method...) {
        small = SmallMethods()
        self.more = Dictionary(uniqueKeysWithValues: more.map { ($0.name, $0) })
    }

    private let more: [String: Method]

    func method(named name: String) -> Method? { more[name] ?? small.method(named: name) }

    var pages: [String: HTTPPage] {
        [
            "/made": HTTPPage(method: "ready") { .words(200, $0["made"]?.string ?? "") },
            "/broken": HTTPPage(method: "broken") { _ in .words(200, "whole") },
            "/none": HTTPPage(method: "nobody") { _ in .words(200, "whole") },
        ]
    }
}

private func post(_ body: String, _ headers: String = "") -> String {
    "POST /rpc HTTP/1.1\r\nHost: reeve\r\n\(headers)Content-Length: \(body.utf8.count)\r\n\r\n\(body)"
}

/// A response, taken apart; `nil`: there is none, or it is not whole.
private struct Response: Equatable {
    var status: Int
    var headers: [String: String] = [:]
    var body: String
    var rest: String

    init?(_ text: String) {
        guard let end = text.firstRange(of: "\r\n\r\n") else { return nil }
        let lines = text[..<end.lowerBound].split(separator: "\r\n")
        guard let first = lines.first?.split(separator: " "), first.count > 1, let status = Int(first[1]) else {
            return nil
        }
        self.status = status
        for line in lines.dropFirst() {
            let parts = line.split(separator: ":", maxSplits: 1)
            headers[parts[0].lowercased()] = parts.count > 1 ? String(parts[1].drop { $0 == " " }) : ""
        }
        let behind = text[end.upperBound...].utf8
        let length = headers["content-length"].flatMap { Int($0) } ?? 0
        body = String(decoding: behind.prefix(length), as: UTF8.self)
        rest = String(decoding: behind.dropFirst(length), as: UTF8.self)
    }
}

struct `HTTP on the socket` {
    private let call = request(#""id":1,"method":"minus","params":[5,3]"#)
    private let answer = #"{"jsonrpc":"2.0","id":1,"result":2}"#

    @Test func `a message is posted, and its answer is the response`() throws {
        let wire = try Wire(PagedMethods())
        for _ in 0..<3 {
            let response = try #require(Response(try wire.send(post(call, "Content-Type: text/plain\r\n"))))
            #expect(response.status == 200 && response.body == answer && response.rest == "")
            #expect(response.headers["content-type"] == "application/json")
        }
        #expect(wire.isOpen)
    }

    @Test func `it may come in pieces of any size, and several at once are answered in their order`() throws {
        let slow = try #require(Response(try Wire(PagedMethods()).sendSlowly(post(call))))
        #expect(slow.body == answer)
        let other = request(#""id":2,"method":"echo","params":["x"]"#)
        let first = try #require(Response(try Wire(PagedMethods()).send(post(call) + post(other))))
        let second = try #require(Response(first.rest))
        #expect(first.body == answer && second.body == #"{"jsonrpc":"2.0","id":2,"result":"x"}"# && second.rest == "")
    }

    @Test(arguments: [
        request(#""method":"echo","params":["x"]"#),
        "[\(request(#""method":"echo""#)),\(request(#""method":"none""#))]",
        request(#""id":1,"result":7"#),
    ])
    func `what is not answered has an empty response`(body: String) throws {
        let wire = try Wire(PagedMethods())
        let response = try #require(Response(try wire.send(post(body))))
        #expect(response.status == 204 && response.body == "" && response.headers["content-length"] == nil)
        #expect(try #require(Response(try wire.send(post(call)))).body == answer)
    }

    @Test(arguments: [
        ("", -32700), ("{", -32700), ("{} {}", -32700), ("7", -32600), ("[]", -32600), ("{}", -32600),
        (String(repeating: "[", count: 65) + String(repeating: "]", count: 65), 6),
        (request(#""id":1,"method":"nobody""#), -32601), (request(#""id":1,"method":"broken""#), -32603),
    ])
    func `what is wrong with a message is an answer like others, and the connection goes on`(body: String, code: Int)
        throws
    {
        let wire = try Wire(PagedMethods())
        let response = try #require(Response(try wire.send(post(body))))
        #expect(try response.status == 200 && json(response.body)["error"]?["code"]?.integer == code)
        #expect(try #require(Response(try wire.send(post(call)))).body == answer)
    }

    @Test func `a batch is one answer`() throws {
        let batch = "[\(call),\(request(#""method":"echo""#)),\(call)]"
        let response = try #require(Response(try Wire(PagedMethods()).send(post(batch))))
        #expect(response.body == "[\(answer),\(answer)]")
    }

    @Test func `of a message that is too large nothing more is read`() throws {
        var limits = RPCLimits()
        limits.messageBytes = 100
        for (headers, body) in [
            ("Content-Length: 101", ""),
            ("Transfer-Encoding: chunked", "65\r\n\(String(repeating: " ", count: 101))\r\n"),
        ] {
            let wire = try Wire(PagedMethods(), limits: limits)
            let response = try #require(
                Response(try wire.send("POST /rpc HTTP/1.1\r\nHost: x\r\n\(headers)\r\n\r\n\(body)"))
            )
            #expect(try response.status == 413 && json(response.body)["error"]?["code"] == 6)
            #expect(!wire.isOpen)
        }
    }

    @Test func `a body that does not come is not waited for without end`() throws {
        let wire = try Wire(PagedMethods())
        #expect(try wire.send(String(post(call).dropLast(3))) == "")
        wire.channel.embeddedEventLoop.advanceTime(by: .seconds(30))
        #expect(try #require(Response(try wire.output())).status == 408)
        #expect(!wire.isOpen)
    }

    @Test(arguments: [
        ("GET /made HTTP/1.1", 200, "before\n"), ("GET /made?x=1 HTTP/1.1", 200, "before\n"),
        ("GET /broken HTTP/1.1", 500, "Internal error: out of order\n"),
        ("GET /none HTTP/1.1", 500, "Method not found: there is no method nobody\n"),
        ("GET / HTTP/1.1", 404, "there is nothing here of that name; there are /rpc, /broken, /made, /none\n"),
        ("PUT /made HTTP/1.1", 405, "this is for GET, HEAD\n"), ("GET /rpc HTTP/1.1", 405, "this is for POST\n"),
    ])
    func `pages are the results of methods`(line: String, status: Int, body: String) throws {
        let wire = try Wire(PagedMethods())
        let response = try #require(Response(try wire.send("\(line)\r\nHost: x\r\n\r\n")))
        #expect(response.status == status && response.body == body && response.rest == "")
        if status == 405 { #expect(response.headers["allow"] == (line.contains("/rpc") ? "POST" : "GET, HEAD")) }
        #expect(wire.isOpen)
    }

    @Test func `the head of a page alone can be had`() throws {
        let text = try Wire(PagedMethods()).send("HEAD /made HTTP/1.1\r\nHost: x\r\n\r\n")
        #expect(text.contains("content-length: 7\r\n") && text.hasSuffix("\r\n\r\n"))
    }

    @Test(arguments: ["HTTP/1.0\r\n", "HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"])
    func `who asks for it is left after the response`(rest: String) throws {
        let wire = try Wire(PagedMethods())
        #expect(try #require(Response(try wire.send("GET /made \(rest)\r\n"))).headers["connection"] == "close")
        #expect(!wire.isOpen)
    }

    @Test func `what is no HTTP behind its first word is refused`() throws {
        let wire = try Wire(PagedMethods())
        #expect(try #require(Response(try wire.send("GET\u{20}\u{1}\r\n\r\n"))).status == 400)
        #expect(!wire.isOpen)
    }

    @Test(arguments: ["GETTING", "get /made", "G\n", "POST\t/rpc"])
    func `what only looks like it is a parse error`(text: String) throws {
        let output = try Wire(PagedMethods()).send(text + "\n")
        #expect(try json(output)["error"]?["code"] == -32700)
    }

    @Test func `a beginning that is left alone is a parse error`() throws {
        let wire = try Wire(PagedMethods())
        #expect(try wire.send("POS") == "")
        #expect(try json(try wire.halfClose())["error"]?["code"] == -32700)
    }

    @Test func `there are no subscriptions, and the answer says what there is`() throws {
        let subscribe = Method(
            "subscribe",
            kind: .immediate { _ in .subscription { _ in SubscriptionEnd(cause: "done") } }
        )
        let wire = try Wire(PagedMethods(subscribe))
        let response = try #require(Response(try wire.send(post(request(#""id":1,"method":"subscribe""#)))))
        let error = try json(response.body)["error"]
        #expect(error?["code"] == -32600 && error?["data"]?["reason"] == "there are no subscriptions over HTTP")
        #expect(error?["data"]?["hint"]?.string?.contains("event.list") == true)
        #expect(try #require(Response(try wire.send(post(call)))).body == answer)
    }
}
