import JSON
import Testing

@testable import TestSupport

/// The examples of `Protocol/events.md` are true.
struct EventsDocumentTests {
    @Test func `every event in it is one by the schema`() throws {
        let events = try Self.blocks("json").map { try JSON(parsing: $0) }
        try #require(events.count == 2)
        let schema = JSONSchema(document: ExampleTests.document)
        for event in events {
            #expect(schema.problems(of: event, by: ["$ref": "#/components/schemas/CloudEvent"]) == [])
        }
        let last = events[0][at: "data", "changes"]?.array?.last
        #expect(last?["id"] == events[0]["id"] && last?["sequence"] == events[0]["sequence"])
    }

    @Test func `its request is signed with its secret`() throws {
        let secret = try #require(try Self.blocks("secret").first)
        let lines = try #require(try Self.blocks("http").first).split(separator: "\n", omittingEmptySubsequences: false)
        let head = lines.prefix { !$0.isEmpty }.map { line in
            let parts = line.split(separator: ":", maxSplits: 1)
            return WebhookReceiver.Header(name: String(parts[0]), value: String(parts[1].dropFirst()))
        }
        let body = try #require(lines.last)
        func request(_ body: some StringProtocol) -> WebhookReceiver.Request {
            WebhookReceiver.Request(
                number: 0,
                version: 1,
                method: "POST",
                target: "/",
                headers: head,
                body: Array(body.utf8)
            )
        }
        #expect(request(body).isSigned(with: secret))
        // And the check can tell.
        #expect(!request(body.replacing("order-17", with: "order-18")).isSigned(with: secret))
        #expect(!request(body).isSigned(with: ExampleFixture.secret.replacing("MDEy", with: "MDEz")))
    }

    /// The contents of the fenced blocks of one language.
    private static func blocks(_ language: String) throws -> [String] {
        try ProtocolFile.text("events.md").split(separator: "```").filter { $0.hasPrefix(language + "\n") }.map {
            block in
            String(block.dropFirst(language.count + 1).dropLast())
        }
    }
}
