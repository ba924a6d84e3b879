import JSON
import JSONRPC
import ReeveProtocol
import TestSupport
import Testing

@testable import ReeveAgent

/// What a client gets wrong is told with the code, the place and what would be right, and the agent goes on.
struct BadInputTests {
    /// A definition that can never be valid.
    struct BadDefinition: Sendable, CustomTestStringConvertible {
        var text: String
        var path: String
        /// In the reason, in what is expected or in the hint.
        var says: String

        init(_ text: String, _ path: String, _ says: String) {
            self.text = text
            self.path = path
            self.says = says
        }

        var testDescription: String { text }
    }

    static let badTasks: [BadDefinition] = [
        BadDefinition(#"7"#, "/task", "object"),
        BadDefinition(#"{"command": ["/bin/true"]}"#, "/task/id", "required"),
        BadDefinition(#"{"id": 7, "command": ["/bin/true"]}"#, "/task/id", "string"),
        BadDefinition(#"{"id": "a b", "command": ["/bin/true"]}"#, "/task/id", "A-Z a-z 0-9"),
        BadDefinition(#"{"id": "", "command": ["/bin/true"]}"#, "/task/id", "1 to 128"),
        BadDefinition(#"{"id": "a"}"#, "/task", "command, script, steps"),
        BadDefinition(#"{"id": "a", "command": [], "script": "x"}"#, "/task", "only one"),
        BadDefinition(#"{"id": "a", "command": []}"#, "/task/command", "no program"),
        BadDefinition(#"{"id": "a", "command": "/bin/true"}"#, "/task/command", "array"),
        BadDefinition(#"{"id": "a", "command": ["/bin/true", 7]}"#, "/task/command/1", "string"),
        BadDefinition(#"{"id": "a", "comand": ["/bin/true"]}"#, "/task/comand", "command"),
        BadDefinition(#"{"id": "a", "command": ["/bin/true"], "overlap": "skp"}"#, "/task/overlap", "skip"),
        BadDefinition(#"{"id": "a", "command": ["x"], "missed": "all(0)"}"#, "/task/missed", "all(10)"),
        BadDefinition(#"{"id": "a", "command": ["x"], "overlap": "allow(0)"}"#, "/task/overlap", "allow(3)"),
        BadDefinition(
            #"{"id": "a", "command": ["x"], "overlap": "allow(1001)"}"#,
            "/task/overlap",
            "up to allow(1000)"
        ),
        BadDefinition(#"{"id": "a", "command": ["x"], "overlap": "queue(2)"}"#, "/task/overlap", "allow(3)"),
        BadDefinition(#"{"id": "a", "command": ["x"], "priority": 101}"#, "/task/priority", "-100 to 100"),
        BadDefinition(#"{"id": "a", "command": ["x"], "priority": 1.5}"#, "/task/priority", "whole number"),
        BadDefinition(#"{"id": "a", "command": ["x"], "queueTimeout": "0s"}"#, "/task/queueTimeout", "longer than 0"),
        BadDefinition(#"{"id": "a", "command": ["x"], "queueTimeout": 5}"#, "/task/queueTimeout", "string"),
        BadDefinition(#"{"id": "a", "command": ["x"], "group": "*"}"#, "/task/group", "A-Z a-z 0-9"),
        BadDefinition(#"{"id": "a", "command": ["/bin/true"], "timeout": 5}"#, "/task/timeout", "string"),
        BadDefinition(#"{"id": "a", "command": ["/bin/true"], "timeout": "5 minutes"}"#, "/task/timeout", "duration"),
        BadDefinition(#"{"id": "a", "command": ["/bin/true"], "timeout": "0s"}"#, "/task/timeout", "longer than 0"),
        BadDefinition(#"{"id": "a", "command": ["/bin/true"], "revision": 0}"#, "/task/revision", "at least 1"),
        BadDefinition(#"{"id": "a", "command": ["/bin/true"], "revision": 1.5}"#, "/task/revision", "whole number"),
        BadDefinition(
            #"{"id": "a", "command": ["/bin/true"], "stop": {"signal": "TREM"}}"#,
            "/task/stop/signal",
            "TERM"
        ),
        BadDefinition(
            #"{"id": "a", "command": ["/bin/true"], "limits": {"coreSize": "1MB"}}"#,
            "/task/limits/coreSize",
            "size"
        ),
        BadDefinition(
            #"{"id": "a", "command": ["/bin/true"], "onAgentStop": "survive"}"#,
            "/task/onAgentStop",
            "wait or stop"
        ),
        // Steps
        BadDefinition(#"{"id": "a", "steps": []}"#, "/task/steps", "at least one"),
        BadDefinition(#"{"id": "a", "steps": [{"command": ["/bin/true"]}]}"#, "/task/steps/0/name", "required"),
        BadDefinition(#"{"id": "a", "steps": [{"name": "x"}]}"#, "/task/steps/0", "command or script"),
        BadDefinition(
            #"{"id": "a", "steps": [{"name": "x", "script": "x"}, {"name": "x", "script": "y"}]}"#,
            "/task/steps/1/name",
            "earlier"
        ),
        BadDefinition(
            #"{"id": "a", "steps": [{"name": "x", "script": "x", "environment": {"A=B": "c"}}]}"#,
            "/task/steps/0/environment/A=B",
            "name"
        ),
        // Fields that this version does not act on
        BadDefinition(#"{"id": "a", "command": ["x"], "retry": {"limit": 0}}"#, "/task/retry/limit", "1 to 100"),
        BadDefinition(#"{"id": "a", "command": ["x"], "retry": {"tries": 2}}"#, "/task/retry/tries", "unknown"),
        BadDefinition(
            #"{"id": "a", "command": ["x"], "retry": {"delay": "0s"}}"#,
            "/task/retry/delay",
            "longer than 0"
        ),
        BadDefinition(#"{"id": "a", "command": ["x"], "retry": {"factor": 0.5}}"#, "/task/retry/factor", "1 to 100"),
        BadDefinition(#"{"id": "a", "command": ["x"], "retry": {"maximum": "1s"}}"#, "/task/retry/maximum", "shorter"),
        BadDefinition(#"{"id": "a", "command": ["x"], "retry": {"onExit": []}}"#, "/task/retry/onExit", "leave it out"),
        BadDefinition(#"{"id": "a", "command": ["x"], "retry": {"onExit": [0]}}"#, "/task/retry/onExit/0", "1 to 255"),
        BadDefinition(#"{"id": "a", "command": ["/bin/true"], "group": "a disk"}"#, "/task/group", "A-Z a-z 0-9"),
        task(#""parameters": {"a b": "x"}"#, "/parameters/a b", "A-Z a-z 0-9"),
        task(#""parameters": {"a-b": "x", "a.b": "y"}"#, "/parameters/a.b", "REEVE_PARAM_A_B"),
        task(#""parameters": {"a": {"pattern": "["}}"#, "/parameters/a/pattern", "is no pattern"),
        task(#""parameters": {"a": {"default": "7", "pattern": "[a-z]+"}}"#, "/parameters/a/default", "[a-z]+"),
        task(#""parameters": {"a": {}}, "schedule": {"rate": "1h"}"#, "/parameters/a", "has no default"),
        task(#""parameters": {"a": {"pattern": "a)|(.*"}}"#, "/parameters/a/pattern", "is no pattern"),
        task(#""parameters": {"a": {"pattern": "(a{1,255}){1,255}"}}"#, "/parameters/a/pattern", "repeats"),
        task(
            #""parameters": {"a": {"pattern": "\#(String(repeating: "(", count: 300))"}}"#,
            "/parameters/a/pattern",
            "longer than 256"
        ),
        task(#""attachments": [{"path": "/tmp/../\u0301x", "content": ""}]"#, "/attachments/0/path", "absolute"),
        task(#""attachments": [{"path": "/tmp/x", "content": "", "mode": "+77"}]"#, "/attachments/0/mode", "octal"),
        task(#""attachments": [{"path": "a", "content": ""}]"#, "/attachments/0/path", "an absolute path"),
        task(#""attachments": [{"path": "/tmp/../etc/x", "content": ""}]"#, "/attachments/0/path", ".."),
        task(
            #""attachments": [{"path": "/etc/x", "content": ""}]"#,
            "/attachments/0/path",
            "runner.attachments.folders"
        ),
        task(
            #""attachments": [{"path": "/tmp/x", "content": "?", "encoding": "base64"}]"#,
            "/attachments/0/content",
            "base64"
        ),
        task(#""attachments": [{"path": "/tmp/x", "content": "", "mode": "0888"}]"#, "/attachments/0/mode", "octal"),
        task(#""attachments": [{"path": "/tmp/x", "content": "", "sha256": "1"}]"#, "/attachments/0/sha256", "64"),
        task(
            #""attachments": [{"path": "/tmp/x", "content": "", "sha256": "\#(String(repeating: "0", count: 64))"}]"#,
            "/attachments/0/sha256",
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
        ),
        task(
            #""attachments": [{"path": "/tmp/x", "content": ""}, {"path": "/tmp/x", "content": ""}]"#,
            "/attachments/1/path",
            "already"
        ),
        BadDefinition(
            #"{"id": "a", "command": ["x"], "limits": {"memory": "1KiB"}}"#,
            "/task/limits/memory",
            "too little"
        ),
        BadDefinition(
            #"{"id": "a", "steps": [{"name": "x", "script": "x", "requires": ["y"]}]}"#,
            "/task/steps/0/requires/0",
            "there is no step"
        ),
        // Schedules
        schedule(#"{}"#, "", "one of cron"),
        schedule(#"{"cron": "0 3 * * *", "rate": "5m"}"#, "", "only one"),
        schedule(#"{"cron": "0 3 * *"}"#, "/cron", "field"),
        schedule(#"{"cron": "61 3 * * *"}"#, "/cron", "59"),
        schedule(#"{"cron": "0 3 32 * *"}"#, "/cron", "31"),
        schedule(#"{"cron": "30-10 5 * * * 2030-2020"}"#, "/cron", ""),
        schedule(#"{"cron": ""}"#, "/cron", ""),
        schedule(#"{"rate": "0s"}"#, "/rate", ""),
        schedule(#"{"at": "2027-02-30T10:00"}"#, "/at", ""),
        schedule(#"{"at": "2001-01-01T10:00"}"#, "/at", "past"),
        schedule(#"{"at": "tomorrow"}"#, "/at", ""),
        schedule(#"{"once": false}"#, "/once", "true"),
        schedule(#"{"cron": "0 3 * * *", "timeZone": "Europe/Berlni"}"#, "/timeZone", "Europe/Berl"),
        schedule(#"{"cron": "0 3 * * *", "timezone": "UTC"}"#, "/timezone", "timeZone"),
        schedule(#"{"cron": "H(9) 3 * * *"}"#, "/cron", "H(5-20)"),
        schedule(#"{"rate": "5m", "from": "tomorrow"}"#, "/from", "not a time"),
        schedule(#"{"rate": "5m", "until": "2001-01-01T10:00"}"#, "/until", "in the past"),
        schedule(#"{"once": true, "until": "2101-01-01T10:00"}"#, "/until", "cron and rate only"),
        schedule(#"{"rate": "5m", "maxRuns": 0}"#, "/maxRuns", "at least 1"),
        schedule(#"{"everyBoot": true, "maxRuns": 2}"#, "/maxRuns", "leave it out"),
        schedule(#"{"rate": "5m", "jitter": "soon"}"#, "/jitter", "not a duration"),
        schedule(#"{"rate": "5m", "jitter": {"random": true}}"#, "/jitter/maximum", "required"),
        schedule(#"{"rate": "5m", "jitter": {"maximum": "2d"}}"#, "/jitter", "0s to 1d"),
        schedule(#"{"rate": "5m", "jitter": {"maximum": "1m", "each": true}}"#, "/jitter/each", "unknown"),
    ]

    private static func schedule(_ text: String, _ path: String, _ says: String) -> BadDefinition {
        BadDefinition(#"{"id": "a", "command": ["/bin/true"], "schedule": \#(text)}"#, "/task/schedule" + path, says)
    }

    static let badServices: [BadDefinition] = [
        BadDefinition(#"7"#, "/service", "object"),
        BadDefinition(#"{"command": ["x"]}"#, "/service/name", "required"),
        BadDefinition(#"{"name": "a:b", "command": ["x"]}"#, "/service/name", "A-Z a-z 0-9"),
        BadDefinition(#"{"name": "a"}"#, "/service", "command or script"),
        service(#""redy": {"notify": true}"#, "/redy", "ready"),
        service(#""ready": {}"#, "/ready", "one of"),
        service(#""ready": {"notify": true, "tcp": "a:1"}"#, "/ready", "only one"),
        service(#""ready": {"notify": false}"#, "/ready/notify", "true"),
        service(#""ready": {"tcp": "localhost"}"#, "/ready/tcp", "port"),
        service(#""ready": {"tcp": "localhost:70000"}"#, "/ready/tcp", "65535"),
        service(#""ready": {"http": "ftp://a/"}"#, "/ready/http", "http"),
        service(#""ready": {"exec": []}"#, "/ready/exec", "no program"),
        service(#""ready": {"log": ""}"#, "/ready/log", ""),
        service(#""ready": {"notify": true, "timeout": "0s"}"#, "/ready/timeout", "longer than 0"),
        service(#""probe": {"tcp": "a:1", "interval": "often"}"#, "/probe/interval", "duration"),
        service(#""probe": {"tcp": "a:1", "threshold": 0}"#, "/probe/threshold", "from 1 to 1000"),
        service(#""probe": {"tcp": "a:1", "unhealthy": "kill"}"#, "/probe/unhealthy", "restart"),
        service(#""restart": "sometimes""#, "/restart", "onFailure"),
        service(#""restart": {"policy": "sometimes"}"#, "/restart/policy", "onFailure"),
        service(#""restart": {"limit": 0}"#, "/restart/limit", "from 1 to 1000"),
        service(#""restart": {"factor": 0.5}"#, "/restart/factor", "1"),
        service(#""restart": {"delay": "1m", "maximum": "1s"}"#, "/restart/maximum", ""),
        service(#""requires": "db""#, "/requires", "array"),
        service(#""requires": [7]"#, "/requires/0", ""),
        service(#""requires": [{"service": "db", "condition": "redy"}]"#, "/requires/0/condition", "ready"),
        service(#""requires": [{"service": "db", "task": "t"}]"#, "/requires/0", "only one"),
        service(#""requires": [{"task": "t", "condition": "ready"}]"#, "/requires/0/condition", "succeeded"),
        service(#""requires": ["a"]"#, "/requires/0", "cannot require itself"),
        service(#""stop": {"signal": "SIGTERM"}"#, "/stop/signal", "TERM"),
        service(#""watchdog": "soon""#, "/watchdog", "duration"),
        service(#""environment": {"A=B": "c"}"#, "/environment/A=B", "name"),
        service(#""workingDirectory": "relative""#, "/workingDirectory", "absolute"),
        service(#""limits": {"memory": "1KiB"}"#, "/limits/memory", "too little"),
        service(#""log": {"size": "1B"}"#, "/log/size", ""),
    ]

    private static func task(_ member: String, _ path: String, _ says: String) -> BadDefinition {
        BadDefinition(#"{"id": "a", "command": ["/bin/true"], \#(member)}"#, "/task" + path, says)
    }

    private static func service(_ member: String, _ path: String, _ says: String) -> BadDefinition {
        BadDefinition(#"{"name": "a", "command": ["/bin/true"], \#(member)}"#, "/service" + path, says)
    }

    @Test(arguments: ["task", "service"])
    func `what can never be valid is refused alike by check and by put`(kind: String) async throws {
        try await RunningAgent.with { agent in
            for bad in kind == "task" ? Self.badTasks : Self.badServices {
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
