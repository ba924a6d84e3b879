import JSON
import Testing

@testable import JSONRPC

/// What the JSON-RPC 2.0 specification asks for, example by example (its §7), with methods of our own.
struct `The specification` {
    private func answer(to text: String) throws -> JSON? {
        let output = try Wire().send(text)
        return output.isEmpty ? nil : try json(output)
    }

    private func errorCode(of answer: JSON?) -> Int? { answer?["error"]?["code"]?.integer }

    @Test(arguments: [
        (#""method":"minus","params":[42,23],"id":1"#, #"{"jsonrpc":"2.0","id":1,"result":19}"#),
        (#""method":"minus","params":[23,42],"id":2"#, #"{"jsonrpc":"2.0","id":2,"result":-19}"#),
        (#""method":"minus","params":{"right":23,"left":42},"id":3"#, #"{"jsonrpc":"2.0","id":3,"result":19}"#),
        (#""method":"minus","params":{"left":42,"right":23},"id":4"#, #"{"jsonrpc":"2.0","id":4,"result":19}"#),
        (#""id":5,"method":"ready""#, #"{"jsonrpc":"2.0","id":5,"result":{"made":"before"}}"#),
        (#""id":6,"method":"echo","params":[null]"#, #"{"jsonrpc":"2.0","id":6,"result":null}"#),
    ])
    func `a call is answered with its result and no error`(members: String, expected: String) throws {
        let output = try Wire().send(request(members) + "\n")
        #expect(output == expected + "\n")
    }

    @Test(arguments: [
        #""method":"total","params":[1,2,3]"#, #""method":"nothing""#, #""method":"minus","params":["x"]"#,
        #""method":"broken""#,
    ])
    func `a notification is never answered`(members: String) throws {
        #expect(try Wire().send(request(members)) == "")
    }

    @Test func `an unknown method is told`() throws {
        let answer = try answer(to: request(#""method":"nothing","id":"1""#))
        #expect(errorCode(of: answer) == -32601)
        #expect(answer?["id"] == "1")
        #expect(answer?["result"] == nil)
        #expect(answer?["error"]?["data"]?["kind"] == "unknownMethod")
    }

    @Test(arguments: [
        #"{"jsonrpc":"2.0","method":"nothing, "params":"#, #"{"id":1,}"#, "nonsense", #"{"id":01}"#, "\u{1}", "]",
        #"[{"jsonrpc":"2.0","method":"minus","params":[1,2],"id":1},{"jsonrpc":"2.0","method"]"#, "{\"a\":\"\n\"}",
    ])
    func `what is not JSON gets one parse error and the connection is closed`(text: String) throws {
        let wire = try Wire()
        let answer = try json(try wire.send(text) + wire.halfClose())
        #expect(errorCode(of: answer) == -32700)
        #expect(answer["id"] == .null)
        #expect(!wire.isOpen)
    }

    @Test(arguments: [
        (#"{"jsonrpc":"2.0","method":1,"params":"bar"}"#, "null"),
        (#"{"jsonrpc":"2.0","method":"echo","params":"bar","id":1}"#, "1"),
        (#"{"jsonrpc":"2.0","method":"echo","params":7,"id":1}"#, "1"),
        (#"{"jsonrpc":"1.0","method":"echo","id":"x"}"#, #""x""#),
        (#"{"jsonrpc":2.0,"method":"echo","id":"x"}"#, #""x""#),
        (#"{"method":"echo","id":3}"#, "3"),
        (#"{"jsonrpc":"2.0","id":3}"#, "3"),
        (#"{"jsonrpc":"2.0","method":"echo","id":{}}"#, "null"),
        (#"{"jsonrpc":"2.0","method":"echo","id":[1]}"#, "null"),
        (#"{"jsonrpc":"2.0","method":"echo","id":true}"#, "null"),
        (#"{"jsonrpc":"2.0","method":"echo","method":"echo","id":4}"#, "4"),
        (#"{"jsonrpc":"2.0","method":"echo","id":4,"id":5}"#, "5"),
        ("[]", "null"), ("{}", "null"),
    ])
    func `what is JSON and no request is an invalid request`(text: String, id: String) throws {
        let wire = try Wire()
        let answer = try json(try wire.send(text))
        #expect(errorCode(of: answer) == -32600)
        #expect(answer["id"] == (try json("[\(id)]").array?.first))
        #expect(wire.isOpen)
    }

    @Test func `an answer that a client sends is passed over`() throws {
        #expect(try Wire().send(request(#""id":1,"result":2"#) + request(#""id":1,"error":{}"#)) == "")
    }

    @Test(arguments: [
        "0", "-1", "1.5", "1e3", "1152921504606846976", "123456789012345678901234567890", #""""#, #""a\u0062\n/""#,
        #""\u00e9 é""#, "null", #""\#(String(repeating: "long", count: 1000))""#,
    ])
    func `an id goes back byte for byte`(id: String) throws {
        let output = try Wire().send(request(#""id":\#(id),"method":"echo","params":[1]"#))
        #expect(output == #"{"jsonrpc":"2.0","id":\#(id),"result":1}"# + "\n\n")
    }

    @Test(arguments: ["", #","params":[]"#, #","params":{}"#, #","params":null"#])
    func `parameters may be absent, empty or null`(params: String) throws {
        let output = try Wire().send(request(#""id":1,"method":"names"\#(params)"#))
        #expect(try json(output)["result"] == .object(JSONObject()))
    }

    @Test func `other members of a request are passed over`() throws {
        let output = try Wire().send(request(#""id":1,"filter":{"x":[1]},"method":"echo","params":["y"],"meta":null"#))
        #expect(try json(output)["result"] == "y")
    }

    @Test func `too many parameters by position are invalid`() throws {
        let answer = try answer(to: request(#""id":1,"method":"minus","params":[1,2,3]"#))
        #expect(errorCode(of: answer) == -32602)
        #expect(answer?["error"]?["data"]?["path"] == "/2")
        #expect(answer?["error"]?["data"]?["expected"] == "at most 2: left, right")
    }

    @Test func `wrong parameters are told with their path and the nearest name`() throws {
        let wrong = try answer(to: request(#""id":1,"method":"minus","params":[1,"2"]"#))
        #expect(wrong?["error"]?["data"]?["path"] == "/right")
        #expect(wrong?["error"]?["data"]?["reason"] == "must be a whole number, not a string")
        let unknown = try answer(to: request(#""id":1,"method":"minus","params":{"left":1,"rihgt":2}"#))
        #expect(unknown?["error"]?["data"]?["path"] == "/rihgt")
        #expect(unknown?["error"]?["data"]?["hint"] == "did you mean right?")
    }
}

struct `A batch` {
    private func answer(to text: String) throws -> String { try Wire().send(text) }

    @Test func `is answered by one array in the order of its requests`() throws {
        let text = """
            [{"jsonrpc":"2.0","method":"total","params":[1,2,4],"id":"1"},
             {"jsonrpc":"2.0","method":"echo","params":[7]},
             {"jsonrpc":"2.0","method":"minus","params":[42,23],"id":"2"},
             {"foo":"boo"},
             {"jsonrpc":"2.0","method":"nothing","params":{"name":"myself"},"id":"5"},
             {"jsonrpc":"2.0","method":"ready","id":"9"}]

            """
        let answers = try json(try answer(to: text)).array ?? []
        #expect(answers.map { $0["id"] } == ["1", "2", .null, "5", "9"])
        #expect(answers.map { $0["result"] } == [7, 19, nil, nil, ["made": "before"]])
        #expect(answers.map { $0["error"]?["code"]?.integer } == [nil, nil, -32600, -32601, nil])
    }

    @Test func `of things that are no requests is answered one by one`() throws {
        let answers = try json(try answer(to: "[1,\"2\",[3]]")).array ?? []
        #expect(answers.map { $0["error"]?["code"]?.integer } == [-32600, -32600, -32600])
        #expect(answers.map { $0["id"] } == [.null, .null, .null])
        #expect(try json(try answer(to: "[1]")).array?.count == 1)
    }

    @Test func `of notifications only is not answered at all`() throws {
        let text = "[\(request(#""method":"echo""#)),\(request(#""method":"nothing""#))]"
        #expect(try answer(to: text) == "")
    }

    @Test func `may ask with the same id twice`() throws {
        let one = request(#""id":1,"method":"echo","params":[1]"#)
        #expect(try json(try answer(to: "[\(one),\(one)]")).array?.count == 2)
    }
}
