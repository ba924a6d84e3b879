import JSON
import Testing

struct `The coder` {
    enum Overlap: String, Codable, CaseIterable { case skip, queue, replace }

    struct Step: Codable, Equatable {
        enum CodingKeys: String, CodingKey, CaseIterable { case name, command, timeout }
        var name: String
        var command: [String]?
        var timeout: Double?
    }

    struct Task: Codable, Equatable {
        enum CodingKeys: String, CodingKey, CaseIterable {
            case id, revision, overlap, steps, environment, data, paused
        }
        var id: String
        var revision: UInt8?
        var overlap: Overlap?
        var steps: [Step]
        var environment: [String: String]?
        var data: JSON?
        var paused: Bool?
    }

    private func decode(_ text: String, unknownFields: JSONCoder.UnknownFields = .reject) throws -> Task {
        try JSONCoder.decode(Task.self, from: try JSON(parsing: text), unknownFields: unknownFields)
    }

    private func problem(in text: String) throws -> InvalidValue? {
        #expect(throws: InvalidValue.self) { try decode(text) }
    }

    @Test func `decodes and encodes whole values`() throws {
        let text = """
            {"id":"a","revision":7,"overlap":"queue","steps":[{"name":"s","command":["x","y"],"timeout":1.5},{"name":"t"}],\
            "environment":{"A":"1","B":"2"},"data":{"big":12345678901234567890,"z":[null]},"paused":false}
            """
        let task = try decode(text)
        #expect(task.steps == [Step(name: "s", command: ["x", "y"], timeout: 1.5), Step(name: "t")])
        #expect(task.data == ["big": .number("12345678901234567890"), "z": [nil]])
        #expect(try JSONCoder.encode(task).text == text)
    }

    @Test func `leaves out what is nil, and takes null for it`() throws {
        let task = try decode(#"{"id":"a","steps":[],"revision":null,"overlap":null}"#)
        #expect(task == Task(id: "a", steps: []))
        #expect(try JSONCoder.encode(task).text == #"{"id":"a","steps":[]}"#)
    }

    @Test(arguments: [
        (#"[]"#, "", "must be an object, not an array"),
        (#"{"steps":[]}"#, "/id", "is required"),
        (#"{"id":1,"steps":[]}"#, "/id", "must be a string, not a number"),
        (#"{"id":null,"steps":[]}"#, "/id", "must be a string, not null"),
        (#"{"id":"a","steps":{}}"#, "/steps", "must be an array, not an object"),
        (#"{"id":"a","steps":[{"name":"x"},{"nam":1}]}"#, "/steps/1/nam", "unknown field"),
        (#"{"id":"a","steps":[{"name":"x"},{}]}"#, "/steps/1/name", "is required"),
        (
            #"{"id":"a","steps":[{"name":"x","command":["y",true]}]}"#, "/steps/0/command/1",
            "must be a string, not a boolean"
        ),
        (#"{"id":"a","steps":[{"name":"x","timeout":"1"}]}"#, "/steps/0/timeout", "must be a number, not a string"),
        (#"{"id":"a","steps":[{"name":"x","timeout":1e999}]}"#, "/steps/0/timeout", "1e999 is out of range"),
        (#"{"id":"a","steps":[],"revision":256}"#, "/revision", "256 is out of range"),
        (#"{"id":"a","steps":[],"revision":-1}"#, "/revision", "-1 is out of range"),
        (#"{"id":"a","steps":[],"revision":1.5}"#, "/revision", "must be a whole number, not 1.5"),
        (#"{"id":"a","steps":[],"revision":"1"}"#, "/revision", "must be a whole number, not a string"),
        (#"{"id":"a","steps":[],"paused":0}"#, "/paused", "must be a boolean, not a number"),
        (#"{"id":"a","id":"b","steps":[]}"#, "/id", "is given more than once"),
        (#"{"id":"a","steps":[],"environment":{"a/b~c":1}}"#, "/environment/a~1b~0c", "must be a string, not a number"),
        (#"{"id":"a","steps":[],"environment":{"007":1}}"#, "/environment/007", "must be a string, not a number"),
        (#"{"id":"a","steps":[],"overlap":"skipp"}"#, "/overlap", #"cannot be "skipp""#),
    ])
    func `says what is wrong where`(text: String, path: String, reason: String) throws {
        let problem = try problem(in: text)
        #expect(problem?.path == path)
        #expect(problem?.reason == reason)
    }

    @Test func `lists what is allowed and tells the nearest`() throws {
        let wrongCase = try problem(in: #"{"id":"a","steps":[],"overlap":"skipp"}"#)
        #expect(wrongCase?.expected == "one of skip, queue, replace")
        #expect(wrongCase?.hint == "did you mean skip?")
        #expect(try problem(in: #"{"id":"a","step":[]}"#)?.hint == "did you mean steps?")
        #expect(try problem(in: #"{"id":"a","steps":[],"revision":256}"#)?.expected == "a whole number from 0 to 255")
        #expect(
            throws: InvalidValue(
                path: "/x",
                reason: #"cannot be "quue""#,
                expected: "one of skip, queue, replace",
                hint: "did you mean queue?"
            )
        ) {
            try JSONCoder.decodeCase(Overlap.self, from: "quue", at: [Key("x")])
        }
    }

    @Test func `takes a whole number however it is written`() throws {
        for text in ["7", "7.0", "70e-1", "0.7E1"] {
            #expect(try decode(#"{"id":"a","steps":[],"revision":\#(text)}"#).revision == 7)
        }
        #expect(try JSONCoder.decode(UInt64.self, from: .number("18446744073709551615")) == .max)
        #expect(try JSONCoder.decode(Int64.self, from: .number("-9223372036854775808")) == .min)
    }

    @Test func `passes over unknown fields if it is told to`() throws {
        #expect(try decode(#"{"id":"a","steps":[{"name":"x","new":1}],"newer":2}"#, unknownFields: .ignore).id == "a")
    }

    @Test func `lets errors of the types themselves through`() throws {
        struct Duration: Decodable {
            init(from decoder: any Decoder) throws {
                throw InvalidValue(at: decoder.codingPath, reason: "no duration", expected: "30s")
            }
        }
        #expect(throws: InvalidValue(path: "/1", reason: "no duration", expected: "30s")) {
            try JSONCoder.decode([Duration?].self, from: [nil, "x"])
        }
    }

    @Test func `writes dictionaries by name and refuses numbers that JSON does not have`() throws {
        let dictionary = Dictionary(uniqueKeysWithValues: (0..<50).map { ("k\($0)", $0) })
        let names = try JSONCoder.encode(["d": dictionary])["d"]?.object?.members.map(\.name)
        #expect(names == dictionary.keys.sorted())
        #expect(throws: InvalidValue(path: "/a/0", reason: "inf cannot be written as a JSON number")) {
            try JSONCoder.encode(["a": [Double.infinity]])
        }
    }

    @Test func `is not kept busy by objects with very many members`() throws {
        let members = (0..<200_000).map { JSONObject.Member(name: "m\($0)", value: 1) }
        #expect(try JSONCoder.decode([String: Int].self, from: .object(JSONObject(members))).count == 200_000)
        let twice = JSON.object(JSONObject(members + [JSONObject.Member(name: "m5", value: 2)]))
        #expect(throws: InvalidValue(path: "/m5", reason: "is given more than once")) {
            try JSONCoder.decode([String: Int].self, from: twice)
        }
    }

    struct Repeating: Encodable {
        let count: Int

        func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: Key.self)
            for round in 1...2 { for number in 0..<count { try container.encode(round, forKey: Key("m\(number)")) } }
        }
    }

    @Test(arguments: [1, 31, 32, 33, 34, 100])
    func `keeps one member of a name that is written twice, where it stood`(count: Int) throws {
        let members = (0..<count).map { JSONObject.Member(name: "m\($0)", value: 2) }
        let encoded = try JSONCoder.encode(Repeating(count: count))
        #expect(encoded.object?.members == members)
    }

    struct Key: CodingKey {
        var stringValue: String
        var intValue: Int? { nil }
        init(_ name: String) { stringValue = name }
        init(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }
}

struct `The nearest word` {
    @Test(arguments: [
        ("tiemZone", "timeZone"), ("timezone", "timeZone"), ("shedule", "schedule"), ("comand", "command"),
        ("cmomnad", "command"), ("ocmmnad", "command"), ("ocmnmda", nil), ("xyz", nil),
        ("steps", "step"), ("s", nil), ("", nil), ("id", "id"),
    ])
    func `is found within a third of its length`(word: String, expected: String?) {
        #expect(nearest(word, among: ["id", "timeZone", "schedule", "command", "step"]) == expected)
    }
}
