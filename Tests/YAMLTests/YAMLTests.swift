import JSON
import Testing
import YAML

struct YAMLTests {
    @Test func `reads a task as JSON`() throws {
        let document = try YAMLDocument(
            """
            id: nightly-backup
            schedule: {cron: "0 3 * * *", timeZone: Europe/Berlin}
            steps:
              - name: dump
                command: [pg_dump, --file, /srv/dump.sql]
                environment: {LEVEL: 3, ON: yes, NONE: ~}
            """
        )
        #expect(
            document.json == [
                "id": "nightly-backup",
                "schedule": ["cron": "0 3 * * *", "timeZone": "Europe/Berlin"],
                "steps": [
                    [
                        "name": "dump", "command": ["pg_dump", "--file", "/srv/dump.sql"],
                        "environment": ["LEVEL": 3, "ON": "yes", "NONE": nil],
                    ]
                ],
            ]
        )
        #expect(document.location(of: "/steps/0/command/2")?.line == 5)
        #expect(document.location(of: "/steps/0/nothing")?.line == 4)
    }

    @Test(arguments: ["a: [1", "a: 1\na: 2", "{a: *b}", "? [x]\n: y"])
    func `refuses what is no JSON`(text: String) {
        #expect(throws: YAMLError.self) { try YAMLDocument(text) }
    }

    @Test func `refuses a few lines of aliases that stand for millions of values`() throws {
        var lines = ["l0: &l0 [0, 0, 0, 0, 0, 0, 0, 0, 0, 0]"]
        for level in 1...8 {
            let aliases = Array(repeating: "*l\(level - 1)", count: 10).joined(separator: ", ")
            lines.append("l\(level): &l\(level) [\(aliases)]")
        }
        let error = #expect(throws: YAMLError.self) { try YAMLDocument(lines.joined(separator: "\n")) }
        #expect(error?.message == "has more than 200000 values")
    }

    @Test(arguments: [
        "[]", "{}", "null", #""yes""#, #""null""#, #""12""#, "12", #""- a""#, #""a: b""#, ##""#x""##, #""""#,
        #"{"a":{"b":[1,{"c":"d"}],"e":[]},"f":["x","y"]}"#, #"{"script":"echo hi\n  there\n\nexit 3\n"}"#,
        #"{"script":"one\ntwo"}"#, #"{"script":" lead\n"}"#, #"{"t":"tab\there"}"#, #"[[1,[2]],{"k":[{"l":1}]}]"#,
        #"{"0 3 * * *":"@daily","x":"a # b","y":"trailing ","z":"ümlaut"}"#, #"{"u":"line\nwith \u0001"}"#,
    ])
    func `what it writes reads back`(text: String) throws {
        let json = try JSON(parsing: text)
        #expect(try YAMLDocument(json.yaml).json == json, "\(json.yaml)")
    }
}
