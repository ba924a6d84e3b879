import ArgumentParser
import Glibc
import JSON
import Testing

@testable import reeve

struct ServiceDefinitionTests {
    @Test(
        arguments: [
            (["a", "--", "sleep", "1"], #"{"name":"a","command":["sleep","1"]}"#),
            (["a", "-c", "x | y"], #"{"name":"a","command":["/bin/sh","-c","x | y"]}"#),
            (
                ["a", "--requires", "db", "--requires", "web:healthy", "--requires", "task:migrate", "--", "x"],
                #"{"name":"a","command":["x"],"requires":["db",{"service":"web","condition":"healthy"},"#
                    + #"{"task":"migrate"}]}"#
            ),
            (
                ["a", "--ready-exec", "test -e x", "--ready-timeout", "5s", "--", "x"],
                #"{"name":"a","command":["x"],"ready":{"exec":["/bin/sh","-c","test -e x"],"timeout":"5s"}}"#
            ),
            (
                ["a", "--ready-notify", "--watchdog", "60s", "--", "x"],
                #"{"name":"a","command":["x"],"ready":{"notify":true},"watchdog":"1m"}"#
            ),
            (
                ["a", "--probe-tcp", "h:1", "--probe-interval", "1s", "--probe-threshold", "5", "--probe-restart"]
                    + ["--", "x"],
                #"{"name":"a","command":["x"],"#
                    + #""probe":{"tcp":"h:1","interval":"1s","threshold":5,"unhealthy":"restart"}}"#
            ),
            (
                ["a", "--restart", "onFailure", "--restart-delay", "2s", "--restart-limit", "3", "--signal", "INT"]
                    + ["--grace", "1m", "--log-size", "1MiB", "--as", "nobody", "-C", "/tmp", "-e", "A=1", "-l", "t=x"]
                    + ["--description", "d", "--", "x"],
                #"{"name":"a","description":"d","command":["x"],"user":"nobody","workingDirectory":"/tmp","#
                    + #""environment":{"A":"1"},"restart":{"policy":"onFailure","delay":"2s","limit":3},"#
                    + #""stop":{"signal":"INT","grace":"1m"},"log":{"size":"1MiB"},"labels":{"t":"x"}}"#
            ),
        ]
    )
    func `the arguments are the definition`(arguments: [String], definition: String) throws {
        #expect(JSON.object(try ServiceAdd.parse(arguments).definition()) == (try JSON(parsing: definition)))
    }

    @Test func `services, tasks and commands are bounded alike`() throws {
        let bounds = ["--memory", "512MiB", "--cpu", "150%", "--tasks", "64", "--umask", "077", "--nice", "-5"]
        let expected: JSON = ["limits": ["memory": "512MiB", "cpu": "150%", "tasks": 64], "umask": "0077", "nice": -5]
        for definition in [
            try ServiceAdd.parse(["a"] + bounds + ["--", "x"]).definition(),
            try Add.parse(["a"] + bounds + ["--", "x"]).definition(),
        ] {
            for member in expected.object?.members ?? [] { #expect(definition[member.name] == member.value) }
        }
        for wrong in [["--memory", "1G"], ["--cpu", "2"], ["--umask", "8"]] {
            #expect(throws: (any Error).self) { try Add.parse(["a"] + wrong + ["--", "x"]) }
        }
        #expect(throws: (any Error).self, "a task has its own") { try Execute.parse(["job", "--nice", "5"]) }
    }

    @Test(
        arguments: [
            ["a"], ["a", "-c", "x", "--", "x"], ["a", "--ready-notify", "--ready-log", "x", "--", "x"],
            ["a", "--ready-timeout", "5s", "--", "x"], ["a", "--probe-interval", "5s", "--", "x"],
            ["a", "--probe-tcp", "h:1", "--probe-exec", "x", "--", "x"], ["a", "--requires", "a:b:c", "--", "x"],
            ["a", "--requires", "task:", "--", "x"], ["a", "--restart", "often", "--", "x"],
            ["a", "-d", "--wait", "5s", "--", "x"],
        ]
    )
    func `what does not go together is refused`(arguments: [String]) {
        #expect(throws: (any Error).self) { try ServiceAdd.parse(arguments) }
    }

    @Test func `services come behind those that they require, whatever else is there`() {
        let order = ServiceOrder([
            ["name": "proxy", "requires": [["service": "web", "condition": "started"]]],
            ["name": "web", "requires": ["db", ["task": "migrate"], "elsewhere"]], ["name": "db"], ["name": "alone"],
        ])
        #expect(order.definitions.compactMap { $0["name"]?.string } == ["db", "web", "proxy", "alone"])
        #expect(order.circle(among: [["name": "elsewhere"]]) == nil)
    }

    @Test func `a circle is found with those that are there, and without what is replaced`() {
        let order = ServiceOrder([["name": "a", "requires": ["b"]], ["name": "c"]])
        #expect(order.circle(among: [["name": "b", "requires": ["a"]]]) == ["a", "b"])
        #expect(order.circle(among: [["name": "b", "requires": ["c"]], ["name": "c", "requires": ["a"]]]) == nil)
    }

    @Test func `two texts of the same service are no change`() throws {
        let left: JSON = ["name": "a", "command": ["x"], "watchdog": "60s", "restart": "always"]
        let right: JSON = ["command": ["x"], "name": "a", "restart": ["policy": "always"], "watchdog": "1m"]
        #expect(ServiceBatch.isSame(left, right))
        #expect(!ServiceBatch.isSame(left, ["name": "a", "command": ["y"]]))
        #expect(!ServiceBatch.isSame(left, ["name": "a", "command": 5]))
    }

    @Test func `who can no longer run is found through all that require each other`() {
        let services: [JSON] = [
            ["name": "api", "status": "waiting", "requires": ["web"]], ["name": "db", "status": "stopped"],
            ["name": "held", "status": "stopped", "requires": ["db"]], ["name": "other", "status": "running"],
            ["name": "web", "status": "waiting", "requires": [["service": "db", "condition": "healthy"]]],
        ]
        #expect(ServiceDependents.waiting(for: ["db"], among: services) == ["web", "api"])
    }
}

struct DefinitionFileTests {
    private func file(_ kind: DefinitionKind, _ text: String, _ name: String = "web.yaml") throws -> DefinitionFile {
        let path = try File.temporary(text, name: name)
        defer { unlink(path) }
        return try DefinitionFile(kind, path: path)
    }

    @Test(arguments: ["services: [{name: a}, {name: b}]", "[{name: a}, {name: b}]", #"[{"name": "a"}, {"name": "b"}]"#])
    func `a list may stand alone or below its name`(text: String) throws {
        let entries = try file(.service, text).entries
        #expect(entries.map(\.definition) == [["name": "a"], ["name": "b"]])
    }

    @Test func `the file of one lends it its name`() throws {
        let service = try file(.service, "command: [x]").entries.first?.definition
        #expect(service?["name"]?.string?.hasSuffix("-web") == true)
        let task = try file(.task, "command: [x]").entries.first?.definition
        #expect(task?["id"]?.string?.hasSuffix("-web") == true)
    }

    @Test func `what stands beside is named and left`() throws {
        let file = try file(.service, "tasks: [{id: a}]\nservices: [{name: b}]\nendpoints: []")
        #expect(file.entries.map(\.definition) == [["name": "b"]])
        #expect(file.others == ["tasks", "endpoints"])
    }

    @Test func `a place is a line and a column of the file`() throws {
        let file = try file(.service, "services:\n  - name: b\n    ready: {tcp: x}\n")
        let entry = try #require(file.entries.first)
        #expect(file.place(entry, "/service/ready/tcp").hasSuffix("web.yaml:3:13"))
    }

    @Test(
        arguments: [
            ("tasks: []", "reeve apply -f"), ("endpoints: []", "reeve endpoint add NAME -f"),
            ("services: {}", "a file is one service"), ("services: []\nname: x", "a file is one service"),
            ("5", "a file is one service"),
        ]
    )
    func `what is no service is refused with what takes it`(text: String, hint: String) {
        let error = #expect(throws: CommandFailure.self) { try file(.service, text) }
        #expect(error?.hint?.hasPrefix(hint) == true)
    }
}

struct MergedLinesTests {
    @Test func `the last lines of none are none`() {
        #expect(OutputPiece.start(ofLast: 0, in: Array("a\nb\n".utf8)) == 4)
    }

    @Test func `pieces of a page keep their streams, and only the last lines`() throws {
        let page = try JSON(
            parsing: """
                {"data": "a\\nb\\nc\\n", "encoding": "utf8",
                 "chunks": [{"stream": "stdout", "size": 3}, {"stream": "stderr", "size": 3}]}
                """
        )
        let pieces = try OutputPiece.all(of: page, lastLines: 2)
        #expect(pieces.map { String(decoding: $0.bytes, as: UTF8.self) } == ["b", "\nc\n"])
        #expect(
            pieces.map { JSON.object($0.json).text } == [
                #"{"stream":"stdout","data":"b","encoding":"utf8"}"#,
                #"{"stream":"stderr","data":"\nc\n","encoding":"utf8"}"#,
            ]
        )
    }
}
