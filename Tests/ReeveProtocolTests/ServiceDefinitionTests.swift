import JSON
import ReeveProtocol
import Testing

/// Services as they are put: what is taken, and what is refused how.
struct ServiceDefinitionTests {
    private func decode(_ text: String) throws -> ServiceDefinition {
        try JSONCoder.decode(ServiceDefinition.self, from: try JSON(parsing: text), unknownFields: .reject)
    }

    /// The first thing that is wrong, wherever it is found.
    private func problem(_ members: String) throws -> InvalidValue? {
        do {
            return try decode(#"{"name": "web", "command": ["/bin/web"], \#(members)}"#).problems().first
        } catch let error as InvalidValue {
            return error
        }
    }

    @Test(arguments: [
        #"{"name":"web","command":["/bin/web","-v"]}"#,
        #"{"name":"web","script":"exec web","requires":["db",{"service":"cache","condition":"started"},{"task":"migrate"}]}"#,
        #"{"name":"w","command":["w"],"ready":{"notify":true,"timeout":"20s"},"watchdog":"30s"}"#,
        #"{"name":"w","command":["w"],"ready":{"tcp":"[::1]:80","interval":"1s"},"restart":"onFailure"}"#,
        #"{"name":"w","command":["w"],"probe":{"http":"http://localhost:8080/healthz","interval":"5s","timeout":"1s","threshold":2,"startPeriod":"30s","unhealthy":"restart"}}"#,
        #"{"name":"w","command":["w"],"restart":{"policy":"always","delay":"2s","factor":1.5,"maximum":"1m","reset":"5m","limit":5,"window":"10m"}}"#,
        #"{"name":"w","command":["w"],"stop":{"signal":"INT","grace":"3s"},"log":{"size":"1MiB"},"labels":{"team":"data"}}"#,
    ])
    func `what is good is taken, and comes back as it was put`(text: String) throws {
        let definition = try decode(text)
        #expect(definition.problems() == [])
        #expect(try JSONCoder.encode(definition) == JSON(parsing: text))
    }

    @Test(arguments: [
        (#""ready": {"tcp": "localhost:70000"}"#, "/ready/tcp", "the port 70000 is out of range"),
        (#""ready": {"tcp": "localhost:0"}"#, "/ready/tcp", "the port 0 is out of range"),
        (#""ready": {"tcp": "localhost"}"#, "/ready/tcp", "\"localhost\" has no port"),
        (
            #""ready": {"tcp": "::1:80"}"#, "/ready/tcp",
            "\"::1:80\" is an IPv6 address without brackets, or has two ports"
        ),
        (#""ready": {"tcp": ":80"}"#, "/ready/tcp", "\":80\" has no host"),
        (#""ready": {"tcp": "a:http"}"#, "/ready/tcp", "\"http\" is not a port"),
        (#""ready": {}"#, "/ready", "does not say what is asked"),
        (#""ready": {"tcp": "a:1", "log": "x"}"#, "/ready", "has tcp and log, but only one may be given"),
        (#""ready": {"notify": false}"#, "/ready/notify", "cannot be false"),
        (
            #""ready": {"notify": true, "interval": "1s"}"#, "/ready/interval",
            "has no meaning with notify: nothing is asked"
        ),
        (#""ready": {"htp": "http://a"}"#, "/ready/htp", "unknown field"),
        (#""probe": {"http": "localhost:80/x"}"#, "/probe/http", "\"localhost:80/x\" is not an http or https URL"),
        (
            #""probe": {"http": "http://a:99999/"}"#, "/probe/http",
            "the port 99999 is out of range, in \"http://a:99999/\""
        ),
        (#""probe": {"exec": []}"#, "/probe/exec", "names no program"),
        (#""probe": {"log": ""}"#, "/probe/log", "is empty"),
        (#""probe": {"tcp": "a:1", "threshold": 0}"#, "/probe/threshold", "must be from 1 to 1000"),
        (#""probe": {"tcp": "a:1", "interval": "0s"}"#, "/probe/interval", "must be longer than 0"),
        (#""probe": {"notify": true}"#, "/probe/notify", "unknown field"),
        (#""requires": ["web"]"#, "/requires/0", "web cannot require itself"),
        (#""requires": ["db", {"service": "db", "condition": "healthy"}]"#, "/requires/1", "is required above already"),
        (#""requires": ["a/b"]"#, "/requires/0", "\"a/b\" is not a service's name"),
        (#""requires": [{}]"#, "/requires/0", "names nothing that is required"),
        (
            #""requires": [{"service": "a", "task": "b"}]"#, "/requires/0",
            "has service and task, but only one may be given"
        ),
        (
            #""requires": [{"task": "b", "condition": "ready"}]"#, "/requires/0/condition",
            "\"ready\" cannot be required of a task"
        ),
        (
            #""requires": [{"service": "a", "condition": "alive"}]"#, "/requires/0/condition",
            "\"alive\" is not one of the words allowed here"
        ),
        (#""restart": "sometimes""#, "/restart", "\"sometimes\" is not one of the words allowed here"),
        (#""restart": {"limit": 0}"#, "/restart/limit", "must be from 1 to 1000"),
        (#""restart": {"window": "1m"}"#, "/restart/window", "has no meaning without limit"),
        (#""restart": {"maximum": "100ms"}"#, "/restart/maximum", "must not be shorter than delay"),
        (#""restart": {"factor": 0.5}"#, "/restart/factor", "must be from 1 to 100"),
        (#""stop": {"signal": "SIGTERM"}"#, "/stop/signal", "\"SIGTERM\" is not a signal that a stop can begin with"),
        (#""log": {"size": "1KiB"}"#, "/log/size", "1KiB is out of range"),
        (#""watchdog": "0s""#, "/watchdog", "must be longer than 0"),
        (#""script": "true""#, "", "has command and script"),
        (#""redy": {"notify": true}"#, "/redy", "unknown field"),
    ])
    func `what cannot be is refused by its place and with why`(members: String, path: String, reason: String) throws {
        let problem = try #require(try problem(members))
        #expect(problem.path == path)
        #expect(problem.reason == reason)
    }

    @Test func `a name has its form`() throws {
        for name in ["", "a b", "a/b", "a:b", String(repeating: "x", count: 65)] {
            #expect(ServiceDefinition(name: name, command: ["w"]).problems().first?.path == "/name")
        }
    }

    // MARK: Circles

    private func graph(_ requirements: KeyValuePairs<String, [String]>) -> ServiceGraph {
        ServiceGraph(
            requirements.map { name, others in
                var definition = ServiceDefinition(name: name, command: ["w"])
                definition.requires = others.map { RequirementDefinition(.service($0), .started) }
                return definition
            }
        )
    }

    @Test func `a circle is told with all its members, in their order`() {
        let circle = graph(["a": ["x", "b"], "b": ["y", "c"], "c": ["a"], "y": []]).circle(through: "a")
        #expect(circle == ["a", "b", "c"])
    }

    @Test func `what only leads into a circle of others, or to nothing, is none`() {
        #expect(graph(["a": ["b"], "b": ["c"], "c": ["b"]]).circle(through: "a") == nil)
        #expect(graph(["a": ["b", "c"], "b": ["d"], "c": ["d"], "d": []]).circle(through: "a") == nil)
        #expect(graph(["a": ["missing"]]).circle(through: "a") == nil)
    }

    @Test func `a long chain and a wide one need no deep stack and no long time`() {
        let names = (0..<20_000).map { "s\($0)" }
        let chain = ServiceGraph(
            names.indices.map { index in
                var definition = ServiceDefinition(name: names[index], command: ["w"])
                definition.requires = index + 1 < names.count ? [RequirementDefinition(.service(names[index + 1]))] : []
                return definition
            }
        )
        #expect(chain.circle(through: "s0") == nil)
    }

    @Test func `a service in a state meets conditions`() {
        var state = ServiceState(status: .running)
        #expect(state.meets(.started, hasProbe: true) && state.meets(.ready, hasProbe: true))
        #expect(!state.meets(.healthy, hasProbe: true) && state.meets(.healthy, hasProbe: false))
        state.health = .healthy
        #expect(state.meets(.healthy, hasProbe: true) && !state.meets(.exited, hasProbe: true))
        state = ServiceState(status: .completed)
        #expect(state.meets(.succeeded, hasProbe: false) && state.meets(.exited, hasProbe: false))
        state = ServiceState(status: .failed)
        #expect(!state.meets(.exited, hasProbe: false) && !state.meets(.succeeded, hasProbe: false))
        state.stoppedAt = Timestamp(milliseconds: 1)
        #expect(state.meets(.exited, hasProbe: false))
    }
}
