import JSON
import Testing

struct `Parsing` {
    @Test(
        arguments: [
            ("null", JSON.null), ("true", .bool(true)), (" false ", .bool(false)), ("\t0\r\n", .number("0")),
            ("-0.50e+7", .number("-0.50e+7")), ("1E400", .number("1E400")), (#""""#, .string("")),
            (#""a\"\\\/\b\f\n\r\tz""#, .string("a\"\\/\u{8}\u{C}\n\r\tz")),
            (#""\u00e9\u20AC\ud83d\ude00\u0000""#, "é€😀\0"),
            ("\"é€😀\u{7F}\"", "é€😀\u{7F}"), ("[]", []), ("[ 1 ,[2], {} ]", [1, [2], .object(JSONObject())]),
            (#"{ "a" : 1 , "b":{"c":[null]} }"#, ["a": 1, "b": ["c": [nil]]]),
        ] as [(String, JSON)]
    )
    func `takes every kind of value`(text: String, value: JSON) throws {
        #expect(try JSON(parsing: text) == value)
    }

    @Test(arguments: [
        "", " ", "nul", "nulL", "True", "+1", "01", "-", "-a", "1.", ".5", "1e", "1e+", "0x1", "NaN", "Infinity", "1 2",
        "[1,]",
        "[,1]", "[1 2]", "[", "]", "[}", "{", "{]", "{,}", #"{"a"}"#, #"{"a":}"#, #"{"a":1,}"#, #"{"a" 1}"#, "{a:1}",
        "{'a':1}", #""a"#, "\"\n\"", "\"\t\"", #""\x""#, #""\u12""#, #""\u12g4""#, #""\ud800""#, #""\ud800x""#,
        #""\ud800\n""#,
        #""\ud800\u0041""#, #""\udc00""#, "//", "[1]//", "\u{FEFF}1", "[1],",
    ])
    func `refuses what RFC 8259 does not allow`(text: String) {
        #expect(throws: JSONSyntaxError.self) { try JSON(parsing: text) }
    }

    @Test(
        arguments: [[0xFF], [0xC0, 0x80], [0xE2, 0x82], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80], [0x80]]
            as [[UInt8]]
    )
    func `refuses what is not UTF-8`(bytes: [UInt8]) {
        let quote = UInt8(ascii: "\"")
        #expect(throws: JSONSyntaxError.self) { try JSON(parsing: [quote] + bytes + [quote]) }
        #expect(throws: JSONSyntaxError.self) { try JSON(parsing: [quote] + Array("\\n".utf8) + bytes + [quote]) }
    }

    @Test(arguments: [
        ("[1,x]", JSONSyntaxError.Kind.malformed, 3), ("[1,", .incomplete, 3), (#"{"a":"b"#, .incomplete, 7),
        ("[01]", .malformed, 2), ("{}x", .malformed, 2), ("tru", .incomplete, 3), (#"["\q"]"#, .malformed, 3),
    ])
    func `tells where the error is and whether more bytes could help`(
        text: String,
        kind: JSONSyntaxError.Kind,
        offset: Int
    ) {
        let error = #expect(throws: JSONSyntaxError.self) { try JSON(parsing: text) }
        #expect(error?.kind == kind)
        #expect(error?.offset == offset)
    }

    @Test func `follows values as deep as it may and no deeper`() throws {
        func nested(_ depth: Int) -> String {
            String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
        }
        _ = try JSON(parsing: nested(64))
        #expect(throws: JSONSyntaxError(.tooDeep, offset: 64, reason: "nested deeper than 64 levels")) {
            try JSON(parsing: nested(65))
        }
        #expect(throws: JSONSyntaxError.self) { try JSON(parsing: String(repeating: "[", count: 1_000_000)) }
        _ = try JSON(parsing: "[{\"a\":[1]}]", maximumDepth: 3)
        #expect(throws: JSONSyntaxError.self) { try JSON(parsing: "[{\"a\":[1]}]", maximumDepth: 2) }
    }

    @Test func `keeps members in their order and numbers as they were written`() throws {
        let text = #"{"z":1.0,"a":123456789012345678901234567890,"m":-0}"#
        #expect(try JSON(parsing: text).text == text)
    }
}

struct `Writing` {
    @Test(
        arguments: [
            (JSON.string("a\"b\\c/d\n\r\t\u{1}\u{1F}\u{7F}é😀"), #""a\"b\\c/d\n\r\t\u0001\u001f"# + "\u{7F}é😀\""),
            (["a": [1, true, nil], "b": .object(JSONObject())], #"{"a":[1,true,null],"b":{}}"#),
        ] as [(JSON, String)]
    )
    func `is compact and escapes only what it must`(value: JSON, text: String) {
        #expect(value.text == text)
        #expect(value.serialized() == Array(text.utf8))
    }

    @Test func `for people has a line for each member and element`() {
        let value: JSON = ["a": [1, [:]], "b": [], "c": ["d": "e"]]
        let expected = """
            {
              "a": [
                1,
                {}
              ],
              "b": [],
              "c": {
                "d": "e"
              }
            }
            """
        #expect(value.pretty == expected)
    }

    @Test func `canonically does not depend on the order of members`() throws {
        let left = try JSON(parsing: #"{"b":[{"y":1,"x":2}],"a":null}"#)
        let right = try JSON(parsing: #"{"a":null,"b":[{"x":2,"y":1}]}"#)
        #expect(left.canonical() == right.canonical())
        #expect(String(decoding: left.canonical(), as: UTF8.self) == #"{"a":null,"b":[{"x":2,"y":1}]}"#)
        #expect(left == right)
        #expect(left.hashValue == right.hashValue)
        #expect(try JSON(parsing: "[1,2]").canonical() != JSON(parsing: "[2,1]").canonical())
    }
}

struct `An object` {
    @Test func `finds, sets, adds and removes members by name`() {
        var object: JSONObject = ["a": 1, "b": 2]
        object["a"] = 3
        object["c"] = 4
        object["b"] = nil
        #expect(JSON.object(object).text == #"{"a":3,"c":4}"#)
        #expect(object["b"] == nil)
    }

    @Test(arguments: [3, 40])
    func `equals another with the same members in whatever order`(count: Int) {
        let members = (0..<count).map { JSONObject.Member(name: "m\($0)", value: .number("\($0)")) }
        #expect(JSONObject(members) == JSONObject(members.reversed()))
        #expect(JSONObject(members) != JSONObject(Array(members.dropLast())))
        var other = members
        other[0].value = nil
        #expect(JSONObject(members) != JSONObject(other.reversed()))
    }
}
