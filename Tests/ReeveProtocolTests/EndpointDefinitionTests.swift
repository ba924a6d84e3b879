import JSON
import Testing

@testable import ReeveProtocol

/// What can be put as an endpoint, and what is said of the rest.
struct EndpointDefinitionTests {
    private func problems(_ text: String) throws -> [InvalidValue] {
        let json = try JSON(parsing: Array(text.utf8))
        return try JSONCoder.decode(EndpointDefinition.self, from: json, unknownFields: .reject).problems()
    }

    @Test(arguments: [
        #"{"name": "a", "kind": "webhook", "url": "https://example.com/hook"}"#,
        #"{"name": "a", "kind": "webhook", "url": "http+unix://%2Frun%2Fapp.sock/hook", "headers": {"x-a": "1"}}"#,
        #"{"name": "a", "kind": "webhook", "url": {"credential": "url"}, "format": "binary"}"#,
        #"{"name": "a", "kind": "webhook", "url": "http://h/", "format": "template", "template": "{}", "headers": {"Content-Type": "text/plain"}}"#,
        #"{"name": "a", "kind": "webhook", "url": "https://h/", "tls": {"ca": "/etc/reeve/ca.pem"}}"#,
        #"{"name": "a", "kind": "webhook", "url": {"file": "/url"}, "tls": {"ca": "/etc/reeve/ca.pem"}}"#,
        #"{"name": "a", "kind": "file", "path": "/var/log/reeve.ndjson", "rotate": {"size": "64MiB"}}"#,
        #"{"name": "a", "kind": "command", "command": ["logger"], "user": "nobody", "timeout": "5s"}"#,
        #"{"name": "a", "kind": "queue", "filter": {"types": ["order.*"]}, "from": "oldest"}"#,
        #"{"name": "a", "kind": "stdout", "format": "text"}"#,
    ])
    func `every kind can be had`(text: String) throws {
        #expect(try problems(text) == [])
    }

    @Test(arguments: [
        (#"{"name": "a", "kind": "webhook"}"#, "/url"), (#"{"name": "a", "kind": "file"}"#, "/path"),
        (#"{"name": "a", "kind": "file", "path": "log"}"#, "/path"),
        (#"{"name": "a", "kind": "command"}"#, "/command"),
        (#"{"name": "a", "kind": "command", "command": []}"#, "/command"),
        (#"{"name": "a", "kind": "controlPlane"}"#, "/kind"),
        (#"{"name": "a", "kind": "file", "path": "/x", "url": "http://h/"}"#, "/url"),
        (#"{"name": "a", "kind": "queue", "secret": "whsec_x"}"#, "/secret"),
        (#"{"name": "a", "kind": "queue", "retry": {"limit": 2}}"#, "/retry"),
        (#"{"name": "a", "kind": "queue", "batch": {"events": 2}}"#, "/batch"),
        (#"{"name": "a", "kind": "stdout", "command": ["x"]}"#, "/command"),
        (#"{"name": "a", "kind": "stdout", "format": "binary"}"#, "/format"),
        (#"{"name": "a", "kind": "stdout", "format": "template"}"#, "/template"),
        (#"{"name": "a", "kind": "stdout", "template": "x"}"#, "/template"),
        (#"{"name": "a", "kind": "file", "path": "/x", "rotate": {"size": "10B"}}"#, "/rotate/size"),
        (#"{"name": "a", "kind": "file", "path": "/x", "rotate": {"size": "1MiB", "keep": 0}}"#, "/rotate/keep"),
        (#"{"name": "a", "kind": "webhook", "url": "http+unix:///run/app.sock"}"#, "/url"),
        (#"{"name": "a", "kind": "webhook", "url": "http://h/", "tls": {"ca": "/ca.pem"}}"#, "/tls"),
        (#"{"name": "a", "kind": "webhook", "url": "https://h/", "tls": {"ca": "ca.pem"}}"#, "/tls/ca"),
        (#"{"name": "a", "kind": "stdout", "tls": {"ca": "/ca.pem"}}"#, "/tls"),
        (#"{"name": "a", "kind": "webhook", "url": "unix:/run/app.sock"}"#, "/url"),
    ])
    func `what is missing or of another kind is named`(text: String, path: String) throws {
        #expect(try problems(text).map(\.path) == [path])
    }

    @Test func `the table of kinds has every field but those that all have`() {
        let common: Set<EndpointDefinition.CodingKeys> = [.name, .kind, .filter, .from]
        #expect(Set(EndpointKind.fields.map(\.name)) == Set(EndpointDefinition.CodingKeys.allCases).subtracting(common))
    }

    @Test(arguments: [
        "content-type", "Content-Length", "HOST", "user-agent", "webhook-id", "Webhook-Signature", "transfer-encoding",
        "connection",
    ])
    func `a header of ours is refused by name`(name: String) throws {
        let found = try problems(#"{"name": "a", "kind": "webhook", "url": "http://h/", "headers": {"\#(name)": "x"}}"#)
        #expect(found.map(\.path) == ["/headers/\(name)"])
        #expect(found.first?.reason == "\(name) is set by reeve and cannot be set here")
    }

    @Test func `headers that begin with ce- are the event's in binary mode alone`() throws {
        let text = #""name": "a", "kind": "webhook", "url": "http://h/", "headers": {"ce-id": "x"}"#
        #expect(try problems("{\(text)}") == [])
        #expect(try problems("{\(text), \"format\": \"binary\"}").map(\.path) == ["/headers/ce-id"])
    }
}
