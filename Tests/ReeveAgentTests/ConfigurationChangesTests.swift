import JSON
import ReeveProtocol
import TestSupport
import Testing
import YAML

@testable import ReeveAgent

/// What another configuration changes, and what has to be done about it.
struct ConfigurationChangesTests {
    private static func configuration(_ text: String) throws -> Configuration {
        var configuration = Configuration(name: "web-7", stateDirectory: "/var/lib/reeve")
        configuration.apply(try ConfigurationFile(text: text, file: "f"))
        return configuration
    }

    private static func changes(_ from: String, _ to: String) throws -> ConfigurationChanges {
        ConfigurationChanges(from: try configuration(from), to: try configuration(to))
    }

    /// Values that are nobody's default, for each key of the example, which has all.
    private static let everyKey = """
        agent: {name: other}
        sockets: [{path: /tmp/s, mode: "0600", group: adm}]
        runner:
          kind: systemd
          concurrency: 3
          stopTimeout: 1s
          output: {perStep: 1MiB, perRun: 2MiB, total: 3MiB}
          attachments: {folders: [/opt]}
          history: {perTask: 1, age: 1d, size: 1MiB, adHoc: 1h}
        store: {retention: {age: 1d, size: 1MiB}, disk: {budget: 1GiB}, deadLetters: {age: 1d, size: 1MiB}}
        groups: {disk: {limit: 7}}
        folders: [/opt/tasks]
        scheduler: {timeZone: Europe/Berlin, missed: all, startBy: 1h}
        endpoints: [{name: log, kind: file, path: /tmp/log}]
        log: {level: debug, format: json}
        limits: {message: 1MiB, depth: 5, batch: 5, inFlight: 5, connections: 5}
        """

    @Test func `each key that a file may have is seen to change, and is taken over or said to need a restart`() throws {
        let changes = try Self.changes("{}", Self.everyKey)
        let seen = Set((changes.changed + changes.needsStart).map(\.path))
        let json = try YAMLDocument(Self.everyKey).json
        #expect(seen == Set(Self.keys(of: json)), "\(seen.symmetricDifference(Self.keys(of: json)))")
        let example = try YAMLDocument(ProtocolFile.text("../contrib/examples/reeve.yaml")).json
        #expect(Set(Self.keys(of: example)).subtracting(seen).allSatisfy { $0.hasPrefix("/endpoints/") })
        #expect(
            changes.needsStart.map(\.path) == [
                "/agent/name", "/sockets", "/scheduler/timeZone", "/log/format", "/limits/message", "/limits/depth",
                "/limits/batch", "/limits/inFlight", "/limits/connections",
            ]
        )
        // Once more: what needs a start is still to come, and nothing else is.
        let again = ConfigurationChanges(from: changes.next, to: try Self.configuration(Self.everyKey))
        #expect(again.changed == [] && again.needsStart == changes.needsStart && again.parts == [])
    }

    /// The keys as pointers: of what has keys itself, those; lists and groups as a whole, endpoints by their name.
    private static func keys(of json: JSON, at path: String = "") -> [String] {
        if path == "/endpoints" {
            return (json.array ?? []).compactMap { $0["name"]?.string }.map { "\(path)/\($0)" }
        }
        guard path != "/groups", let object = json.object else { return [path] }
        return object.members.flatMap { keys(of: $0.value, at: "\(path)/\($0.name)") }
    }

    @Test(
        arguments: [
            ("runner: {concurrency: 16}", "/runner/concurrency", "16", "3", ["runner"]),
            ("runner: {output: {total: 1GiB}}", "/runner/output/total", #""1GiB""#, #""3MiB""#, []),
            ("runner: {history: {perTask: 100}}", "/runner/history/perTask", "100", "1", ["housekeeper"]),
            ("scheduler: {missed: skip}", "/scheduler/missed", #""skip""#, #""all""#, ["scheduler"]),
            ("groups: {disk: {limit: 1}}", "/groups", #"{"disk":{"limit":1}}"#, #"{"disk":{"limit":7}}"#, ["runner"]),
            ("log: {level: info}", "/log/level", #""info""#, #""debug""#, []),
        ] as [(String, String, String, String, [String])]
    )
    func `a change says from what to what, and which parts begin anew`(
        before: String,
        key: String,
        from: String,
        to: String,
        parts: [String]
    ) throws {
        let changes = try Self.changes(before, Self.everyKey)
        let change = try #require(changes.changed.first { $0.path == key })
        #expect(change.values?.from.text == from && change.values?.to.text == to)
        let own = try #require(ConfigurationKey.all.first { $0.path == key })
        #expect(own.effect == (parts.isEmpty ? .atOnce : .parts(Set(parts))))
    }

    @Test func `endpoints are told apart by their names, and what they say is not told`() throws {
        let changes = try Self.changes(
            """
            endpoints:
              - {name: a, kind: file, path: /tmp/a}
              - {name: b, kind: file, path: /tmp/b}
              - {name: c, kind: file, path: /tmp/c}
            """,
            """
            endpoints:
              - {name: d, kind: file, path: /tmp/d}
              - {name: b, kind: file, path: /tmp/other}
              - {name: c, kind: file, path: /tmp/c}
            """
        )
        #expect(
            changes.changed.map(\.json.text) == [
                #"{"key":"/endpoints/a","change":"removed"}"#, #"{"key":"/endpoints/b","change":"changed"}"#,
                #"{"key":"/endpoints/d","change":"added"}"#,
            ]
        )
        #expect(changes.parts == [] && changes.next.endpoints.count == 3)
    }

    @Test func `the same again changes nothing`() throws {
        #expect(try Self.changes(Self.everyKey, Self.everyKey).isEmpty)
    }
}
