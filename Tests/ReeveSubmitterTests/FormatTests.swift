import JSON
import ReeveProtocol
import TestSupport
import Testing

@testable import ReeveSubmitter

/// What is sent, in every format.
struct FormatTests {
    private func writer(_ configure: (inout EndpointDefinition) -> Void, tails: (any OutputTails)? = nil) -> EventWriter
    {
        var endpoint = EndpointDefinition(name: "ops", url: "http://model/hook")
        configure(&endpoint)
        return EventWriter(endpoint, sender: EventSender(agent: "web-7", version: "1.2"), tails: tails)
    }

    private struct Tails: OutputTails {
        var text: String
        func tail(ofRun run: String, bytes: Int) async -> String? { "\(run) \(bytes): \(text)" }
    }

    private static let failed = Submission.of(
        "dev.reeve.run.failed",
        summary: "backup failed: \"tar\" exited with 2",
        data: [
            "task": "backup", "run": "r1", "outcome": "failed", "exitCode": 2, "willRetry": nil, "labels": ["a": "b"],
        ]
    )

    @Test func `several are a batch with an id of their own, the same each time`() async throws {
        let writer = writer { _ in }
        let submissions = [Submission.of("a", number: 1), .of("b", number: 2)]
        let message = try await writer.message(submissions)
        #expect(message.contentType == "application/cloudevents-batch+json; charset=utf-8")
        #expect(try JSON(parsing: message.body).array?.map { $0["id"] } == ["change-10", "change-20"])
        #expect(try await writer.message(submissions).id == message.id)
        #expect(try await writer.message(submissions.reversed()).id != message.id)
        #expect(try await writer.message([submissions[0]]).id == "change-10")
    }

    @Test func `in binary mode the attributes are headers and the data is the body`() async throws {
        let event = Submission.of("order é\"paid\" 100%", source: "/shop", data: ["total": 12])
        let message = try await writer { $0.format = .binary }.message([event])
        #expect(message.contentType == "application/json")
        #expect(String(decoding: message.body, as: UTF8.self) == #"{"total":12}"#)
        let headers = Dictionary(uniqueKeysWithValues: message.headers.map { ($0.name, $0.value) })
        #expect(headers["ce-type"] == "order%20%C3%A9%22paid%22%20100%25")
        #expect(headers["ce-specversion"] == "1.0" && headers["ce-source"] == "/shop")
        #expect(headers["ce-lane"] == "task:a" && headers["ce-sequence"] == "00000000000000000010")
        #expect(headers["ce-data"] == nil && headers["ce-datacontenttype"] == nil)
        let none = try await writer { $0.format = .binary }.message([.of("ping", source: "/shop", data: nil)])
        #expect(none.body.isEmpty)
    }

    @Test func `a text is a sentence that a chat service takes`() async throws {
        let message = try await writer { $0.format = .text }.message([Self.failed])
        #expect(message.contentType == "application/json")
        #expect(try JSON(parsing: message.body) == ["text": "backup failed: \"tar\" exited with 2"])
        let published = Submission.of("order.paid", source: "/shop", data: ["summary": "17 was paid"])
        #expect(
            try JSON(parsing: try await writer { $0.format = .text }.message([published]).body)["text"] == "17 was paid"
        )
        let plain = Submission.of("order.paid", source: "/shop", data: nil)
        #expect(try JSON(parsing: try await writer { $0.format = .text }.message([plain]).body)["text"] == "order.paid")
    }

    @Test func `a long text is cut between characters, with a mark`() async throws {
        let long = Submission.of("a", summary: String(repeating: "👩‍👩‍👧", count: 1000), data: nil)
        let text = try JSON(parsing: try await writer { $0.format = .text }.message([long]).body)["text"]?.string ?? ""
        #expect(text.hasSuffix("👩‍👩‍👧…") && text.utf8.count <= 3500 && text.utf8.count > 3400)
        #expect("ab".cut(to: 3) == "ab" && "abcd".cut(to: 3) == "…" && "abcdef".cut(to: 5) == "ab…")
        #expect("aé".cut(to: 3) == "aé" && "aéé".cut(to: 4) == "a…")
        #expect(String(tail: Array("aé".utf8).dropFirst(2)) == "" && String(tail: Array("éa".utf8).dropFirst()) == "a")
    }

    @Test func `a run that did not succeed has the last of its output with it where that is asked for`() async throws {
        let tails = Tails(text: "no space left\n")
        let with = try await writer({ $0.tail = true }, tails: tails).message([Self.failed])
        #expect(try JSON(parsing: with.body)["data"]?["tail"] == "r1 2048: no space left\n")
        let without = try await writer({ _ in }, tails: tails).message([Self.failed])
        #expect(try JSON(parsing: without.body)["data"]?["tail"] == nil)
        let good = Submission.of("dev.reeve.run.succeeded", data: ["run": "r1", "outcome": "succeeded"])
        let none = try await writer({ $0.tail = true }, tails: tails).message([good])
        #expect(try JSON(parsing: none.body)["data"]?["tail"] == nil)
        let text = try await writer(
            {
                $0.format = .text
                $0.tail = true
            },
            tails: tails
        ).message([Self.failed])
        #expect(
            try JSON(parsing: text.body)["text"]
                == "backup failed: \"tar\" exited with 2\n```\nr1 2048: no space left\n```"
        )
    }

    @Test func `a run that goes on has the last of its output with it where its progress is asked for`() async throws {
        let tails = Tails(text: "half way\n")
        let submission = Submission.of("dev.reeve.run.progress", data: ["task": "backup", "run": "r1", "step": [:]])
        let asked = try await writer({ $0.progress = .minutes(1) }, tails: tails).message([submission])
        #expect(try JSON(parsing: asked.body)["data"]?["tail"] == "r1 2048: half way\n")
        let without = try await writer({ $0.tail = true }, tails: tails).message([submission])
        #expect(try JSON(parsing: without.body)["data"]?["tail"] == nil)
        let failed = try await writer({ $0.progress = .minutes(1) }, tails: tails).message([Self.failed])
        #expect(try JSON(parsing: failed.body)["data"]?["tail"] == nil, "that is for tail to ask")
    }

    @Test func `a template is filled in, with values as they stand in JSON`() async throws {
        let text =
            #"{"msg": "{{summary}}", "code": {{data.exitCode}}{{#data.willRetry}}, "again": true{{/data.willRetry}}}"#
        let message = try await writer {
            $0.format = .template
            $0.template = text
        }.message([Self.failed])
        #expect(message.contentType == "application/json")
        #expect(try JSON(parsing: message.body) == ["msg": "backup failed: \"tar\" exited with 2", "code": 2])
    }

    @Test func `a template of another type is written in its way`() async throws {
        func render(_ type: String, _ template: String) async throws -> String {
            let message = try await writer {
                $0.format = .template
                $0.template = template
                $0.headers = ["Content-Type": .literal(type)]
            }.message([Self.failed])
            #expect(message.contentType == type)
            return String(decoding: message.body, as: UTF8.self)
        }
        #expect(
            try await render("text/plain", "{{type}}: {{summary}}")
                == "dev.reeve.run.failed: backup failed: \"tar\" exited with 2"
        )
        #expect(
            try await render("text/html", "<b>{{summary}}</b>") == "<b>backup failed: &quot;tar&quot; exited with 2</b>"
        )
        #expect(
            try await render("text/plain", "{{#data.labels}}{{a}}{{/data.labels}}{{^data.none}}!{{/data.none}}") == "b!"
        )
    }

    @Test(arguments: [
        ("{{summary", "a tag is not closed (line 1"), ("a\n{{#x}}b", "a section is not closed (line 2"),
        ("{{#x}}{{/y}}", "a section is closed by another name than it was opened"), ("{{> part}}", "has {{>"),
        ("{{summary}}", "does not make JSON of a failed run"), ("{\"a\": {{summary}}}", "does not make JSON"),
        (String(repeating: "{{#a}}", count: 40), "more than 32 sections"),
    ])
    func `a bad template is told when it is put`(template: String, problem: String) throws {
        var endpoint = EndpointDefinition(name: "ops", url: "http://model/hook")
        endpoint.format = .template
        endpoint.template = template
        let found = endpoint.sendingProblems()
        #expect(found.count == 1 && found[0].path == "/template")
        #expect(found.first?.reason.contains(problem) == true, "\(found)")
    }

    @Test func `in a file a template is plain text`() async throws {
        var endpoint = EndpointDefinition(name: "log", kind: .file)
        endpoint.path = "/x"
        endpoint.format = .template
        endpoint.template = "{{time}} {{{summary}}}"
        #expect(endpoint.problems().isEmpty && endpoint.sendingProblems().isEmpty)
        let writer = EventWriter(endpoint, sender: EventSender(agent: "web-7", version: "1.2"), tails: nil)
        let lines = try await writer.lines([Self.failed, Self.failed])
        let line = "1970-01-01T00:00:00.010Z backup failed: \"tar\" exited with 2\n"
        #expect(String(decoding: lines, as: UTF8.self) == line + line)
    }
}
