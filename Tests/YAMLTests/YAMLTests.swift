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
