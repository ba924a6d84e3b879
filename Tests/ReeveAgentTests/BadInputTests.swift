import JSON
import JSONRPC
import ReeveProtocol
import TestSupport
import Testing

@testable import ReeveAgent

/// What a client gets wrong is told with the code, the place and what would be right, and the agent goes on.
struct BadInputTests {
    @Test(arguments: ["task", "service"])
    func `what can never be valid is refused alike by check and by put`(kind: String) async throws {
        try await RunningAgent.with { agent in
            for bad in kind == "task" ? BadDefinition.tasks : BadDefinition.services {
                let definition = try JSON(parsing: bad.text)
                let check = try await agent.call("\(kind).check", [kind: definition])
                #expect(check["valid"] == false, "\(bad.text)")
                let problems = check["problems"]?.array ?? []
                let told = problems.contains { $0["path"]?.string == bad.path && $0.text.contains(bad.says) }
                #expect(told, "\(bad.text): \(problems.map(\.text))")
                let failure = try #require(try await agent.failure("\(kind).put", [kind: definition]), "\(bad.text)")
                Self.expectContract(failure, "invalidParams")
                #expect(failure.data?["path"] == problems.first?["path"], "\(bad.text)")
                #expect(failure.data?["reason"] == problems.first?["reason"], "\(bad.text)")
            }
            #expect(try await agent.call("\(kind).list")["\(kind)s"] == [])
        }
    }

    /// A call that is refused.
    struct BadCall: Sendable, CustomTestStringConvertible {
        var method: String
        var parameters: String
        var kind: String
        var path: String?
        var says: String

        init(_ method: String, _ parameters: String, _ kind: String, _ path: String?, _ says: String) {
            self.method = method
            self.parameters = parameters
            self.kind = kind
            self.path = path
            self.says = says
        }

        var testDescription: String { "\(method) \(parameters)" }
    }

    static let badCalls: [BadCall] = [
        BadCall("task.lst", "{}", "unknownMethod", nil, "task.list"),
        BadCall("nothing.like.it", "{}", "unknownMethod", nil, "nothing.like.it"),
        BadCall("agent.ping", #"{"x": 1}"#, "invalidParams", "/x", "x"),
        BadCall("task.list", #"{"limt": 1}"#, "invalidParams", "/limt", "limit"),
        BadCall("task.list", #"{"limit": 0}"#, "invalidParams", "/limit", "1 to 1000"),
        BadCall("task.list", #"{"limit": 1001}"#, "invalidParams", "/limit", "1 to 1000"),
        BadCall("task.list", #"{"limit": "ten"}"#, "invalidParams", "/limit", "whole number"),
        BadCall("task.list", #"{"timeZone": "Mars/Olympus"}"#, "invalidParams", "/timeZone", "Mars/Olympus"),
        BadCall("agent.status", #"{"timeZone": "../../etc/passwd"}"#, "invalidParams", "/timeZone", "zone"),
        BadCall("task.get", "{}", "invalidParams", "/task", "required"),
        BadCall("task.get", #"["a", "UTC", "more"]"#, "invalidParams", nil, ""),
        BadCall("task.get", #"{"task": "nightly-backpu"}"#, "notFound", "/task", "nightly-backup"),
        BadCall("task.remove", #"{"task": "nothing"}"#, "notFound", "/task", "nothing"),
        BadCall("task.run", #"{"task": "nothing"}"#, "notFound", "/task", "nothing"),
        BadCall("task.run", #"{"task": "nightly-backup", "run": "7"}"#, "invalidParams", "/run", "UUID"),
        BadCall(
            "task.run",
            #"{"task": "nightly-backup", "run": "019367F2-7A5C-7C3E-9D2B-5F0E6A1B2C3D"}"#,
            "invalidParams",
            "/run",
            "UUID"
        ),
        BadCall(
            "task.run",
            #"{"task": "nightly-backup", "parameters": {"db": "x"}}"#,
            "invalidParams",
            "/parameters/db",
            "the task has no parameters"
        ),
        BadCall("task.pause", "{}", "invalidParams", "", "one of task, labels, group, all"),
        BadCall("task.pause", #"{"task": "nightly-backup", "all": true}"#, "invalidParams", "", "one of"),
        BadCall("task.pause", #"{"task": "nightly-backup", "for": "-1s"}"#, "invalidParams", "/for", "duration"),
        BadCall("task.resume", #"{"task": "nightly-backup", "for": "1s"}"#, "invalidParams", "/for", "task.pause"),
        BadCall("run.get", #"{"run": "nightly-backup/9"}"#, "notFound", "/run", "TASK/-1"),
        BadCall("run.get", #"{"run": "nightly-backup/"}"#, "notFound", "/run", "TASK/-1"),
        BadCall("run.wait", #"{"run": "019367f2-7a5c-7c3e-9d2b-5f0e6a1b2c3d"}"#, "notFound", "/run", "TASK/-1"),
        BadCall("run.wait", #"{"run": "nightly-backup/1", "deadline": 5}"#, "invalidParams", "/deadline", "string"),
        BadCall("run.stop", #"{"run": "nightly-backup/1"}"#, "invalidState", nil, "stopped"),
        BadCall("run.list", #"{"since": "2026-13-01T00:00:00Z"}"#, "invalidParams", "/since", "time"),
        BadCall("run.list", #"{"since": "yesterday"}"#, "invalidParams", "/since", "time"),
        BadCall("run.list", #"{"outcomes": ["failed", "broken"]}"#, "invalidParams", "/outcomes/1", "failed"),
        BadCall("run.output", #"{"run": "nightly-backup/1", "step": "x"}"#, "invalidParams", "/step", "main"),
        BadCall("run.output", #"{"run": "nightly-backup/1", "after": "x"}"#, "invalidParams", "/after", "next"),
        BadCall("run.output", #"{"run": "nightly-backup/1", "stream": "stdin"}"#, "invalidParams", "/stream", "stdout"),
        BadCall("run.output", #"{"run": "nightly-backup/1", "limit": 0}"#, "invalidParams", "/limit", "1048576"),
        BadCall("run.output", #"{"run": "nightly-backup/1", "tail": -1}"#, "invalidParams", "/tail", "1048576"),
        BadCall("schedule.preview", #"{"schedule": "0 3 * * *", "count": 0}"#, "invalidParams", "/count", "1 to 1000"),
        BadCall("group.put", #"{"group": {"name": "a b"}}"#, "invalidParams", "/group/name", "A-Z a-z 0-9"),
        BadCall("group.put", #"{"group": {"name": "a", "limit": -1}}"#, "invalidParams", "/group/limit", "0 to 10000"),
        BadCall("group.put", #"{"group": {"name": "a", "limt": 1}}"#, "invalidParams", "/group/limt", "limit"),
        BadCall("schedule.preview", #"{"schedule": "every day"}"#, "invalidParams", "/schedule", ""),
        BadCall("event.publish", "{}", "invalidParams", "/events", "required"),
        BadCall("event.publish", #"{"events": []}"#, "invalidParams", "/events", "1 to 1000"),
        BadCall("event.publish", #"{"events": [{}]}"#, "invalidParams", "/events/0/type", "required"),
        BadCall("event.publish", #"{"events": [{"type": ""}]}"#, "invalidParams", "/events/0/type", "empty"),
        BadCall(
            "event.publish",
            #"{"events": [{"type": "a"}, {"type": "dev.reeve.run.failed"}]}"#,
            "invalidParams",
            "/events/1/type",
            "dev.reeve."
        ),
        BadCall(
            "event.publish",
            #"{"events": [{"type": "a", "time": "now"}]}"#,
            "invalidParams",
            "/events/0/time",
            "time"
        ),
        BadCall("event.publish", #"{"events": [{"type": "a", "tipe": 1}]}"#, "invalidParams", "/events/0/tipe", "type"),
        BadCall("event.get", #"{"event": "999999"}"#, "notFound", "/event", "number"),
        BadCall("event.list", #"{"after": -1}"#, "invalidParams", "/after", "0 or more"),
        BadCall("event.list", #"{"as": "x"}"#, "notFound", "/as", "there is no endpoint"),
        BadCall("event.subscribe", #"{"as": "x"}"#, "invalidParams", "/as", "only for event.list"),
        BadCall("event.subscribe", #"{"wait": "1s"}"#, "invalidParams", "/wait", "event.list"),
        BadCall("subscription.cancel", #"{"subscription": "x"}"#, "notFound", "/subscription", "x"),
        BadCall("endpoint.get", #"{"endpoint": "osp"}"#, "notFound", "/endpoint", "ops"),
        BadCall(
            "endpoint.put",
            #"{"endpoint": {"name": "x", "kind": "webhook"}}"#,
            "invalidParams",
            "/endpoint/url",
            "required"
        ),
        BadCall(
            "endpoint.put",
            #"{"endpoint": {"name": "x", "kind": "mail"}}"#,
            "invalidParams",
            "/endpoint/kind",
            "webhook"
        ),
        BadCall(
            "endpoint.put",
            #"{"endpoint": {"name": "x", "kind": "webhook", "url": "ftp://h/"}}"#,
            "invalidParams",
            "/endpoint/url",
            "http://"
        ),
        BadCall(
            "endpoint.put",
            #"{"endpoint": {"name": "x", "kind": "webhook", "url": "http://h/", "from": "never"}}"#,
            "invalidParams",
            "/endpoint/from",
            "oldest"
        ),
        BadCall(
            "endpoint.put",
            #"{"endpoint": {"name": "x", "kind": "webhook", "url": "http://h/", "secret": "abc"}}"#,
            "invalidParams",
            "/endpoint/secret",
            "whsec_"
        ),
        BadCall("engine.restart", #"{"name": "stor"}"#, "notFound", "/name", "store"),
    ]

    @Test func `a call that is wrong is answered with what is wrong`() async throws {
        try await ExampleFixture.with { fixture in
            for bad in Self.badCalls {
                let parameters = try JSON(parsing: bad.parameters)
                let failure = try await fixture.agent.failure(bad.method, parameters)
                let error = try #require(failure, "\(bad.testDescription) is answered with a result")
                Self.expectContract(error, bad.kind, bad.testDescription)
                if let path = bad.path { #expect(error.data?["path"]?.string == path, "\(bad.testDescription)") }
                #expect(error.json.text.contains(bad.says), "\(bad.testDescription): \(error.json.text)")
            }
            // Nothing of that was done, and the agent goes on.
            #expect(try await fixture.agent.call("task.list")["tasks"]?.array?.count == 1)
            #expect(try await fixture.agent.call("endpoint.list")["endpoints"]?.array?.count == 1)
        }
    }

    @Test(
        arguments: [
            (#"{"jsonrpc":"2.0","id":1,"method":"agent.ping","params":{]}"#, "parse", true),
            (#"hello"#, "parse", true),
            (#"{"jsonrpc":"2.0","id":1}"#, "invalidRequest", false),
            (#"{"jsonrpc":"2.0","id":1,"method":7}"#, "invalidRequest", false),
            (#"{"jsonrpc":"1.0","id":1,"method":"agent.ping"}"#, "invalidRequest", false),
            (#"{"jsonrpc":"2.0","id":{},"method":"agent.ping"}"#, "invalidRequest", false),
            (#"{"jsonrpc":"2.0","id":1,"method":"agent.ping","params":"x"}"#, "invalidRequest", false),
            ("[]", "invalidRequest", false),
        ]
    )
    func `what is no request is answered as the specification says`(text: String, kind: String, ends: Bool) async throws
    {
        try await RunningAgent.with { agent in
            let connection = try RawConnection(agent.socketPath)
            try connection.send(text + "\n")
            let answer = try #require(try await connection.answer())
            let code = try #require(Failure.Kind(rawValue: kind)?.code)
            #expect(answer[at: "error", "code"]?.integer == code)
            #expect(answer[at: "error", "data", "kind"]?.string == kind)
            let schema = JSONSchema(document: ExampleTests.document)
            #expect(schema.problems(of: answer["error"] ?? nil, by: JSON.object(Schema.ref("Error").json)) == [])
            if ends {
                #expect(try await connection.line() == nil)
            } else {
                try connection.send(#"{"jsonrpc":"2.0","id":2,"method":"agent.ping"}"# + "\n")
                #expect(try await connection.answer()?["id"] == 2)
            }
            // Others do not suffer.
            try await agent.call("agent.ping")
        }
    }

    private static func expectContract(_ error: RPCError, _ kind: String, _ what: String = "") {
        #expect(error.kind == kind, "\(what): \(error.json.text)")
        #expect(error.code == Failure.Kind(rawValue: kind)?.code, "\(what)")
        let schema = JSONSchema(document: ExampleTests.document)
        #expect(schema.problems(of: error.json, by: JSON.object(Schema.ref("Error").json)) == [], "\(what)")
    }
}
