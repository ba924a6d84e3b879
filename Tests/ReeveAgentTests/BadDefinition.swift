import Testing

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

    static let tasks: [BadDefinition] = [
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
            #"{"id": "a", "command": ["x"], "onAgentStop": "survive"}"#,
            "/task/onAgentStop",
            "runner: systemd"
        ),
        BadDefinition(#"{"id": "a", "command": ["x"], "runner": "docker"}"#, "/task/runner", "systemd"),
        BadDefinition(#"{"id": "a", "command": ["x"], "unit": {"PrivateTmp": true}}"#, "/task/unit", "runner: systemd"),
        BadDefinition(
            #"{"id": "a", "command": ["x"], "runner": "systemd", "unit": {"ProtectSytem": "full"}}"#,
            "/task/unit/ProtectSytem",
            "did you mean"
        ),
        BadDefinition(
            #"{"id": "a", "command": ["x"], "runner": "systemd", "unit": {"ExecStartPre": "/bin/true"}}"#,
            "/task/unit/ExecStartPre",
            "no property that a task may set"
        ),
        BadDefinition(
            #"{"id": "a", "command": ["x"], "runner": "systemd", "unit": {"ProtectSystem": "most"}}"#,
            "/task/unit/ProtectSystem",
            "no, yes, full, strict"
        ),
        BadDefinition(
            #"{"id": "a", "command": ["x"], "runner": "systemd", "unit": {"CPUWeight": 0}}"#,
            "/task/unit/CPUWeight",
            "1 to 10000"
        ),
        BadDefinition(
            #"{"id": "a", "command": ["x"], "runner": "systemd", "unit": {"MemoryHigh": "much"}}"#,
            "/task/unit/MemoryHigh",
            "64MiB"
        ),
        BadDefinition(
            #"{"id": "a", "command": ["x"], "runner": "systemd", "unit": {"ReadOnlyPaths": ["etc"]}}"#,
            "/task/unit/ReadOnlyPaths",
            "absolute paths"
        ),
        BadDefinition(
            #"{"id": "a", "command": ["x"], "runner": "systemd", "unit": {"Slice": "../x.slice"}}"#,
            "/task/unit/Slice",
            "batch.slice"
        ),
        BadDefinition(
            #"{"id": "a", "command": ["x"], "runner": "systemd", "groups": ["adm"]}"#,
            "/task/groups",
            "runner: process"
        ),
        BadDefinition(
            #"{"id": "a", "runner": "systemd", "steps": [{"name": "s", "command": ["x"], "input": {"file": "/f"}}]}"#,
            "/task/steps/0/input",
            "a text"
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

    static let services: [BadDefinition] = [
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
}
