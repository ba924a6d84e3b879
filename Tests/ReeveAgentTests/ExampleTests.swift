import JSON
import JSONRPC
import TestSupport
import Testing

@testable import ReeveAgent

/// Every example of the document is played to a running agent, and what comes back is held against the document.
struct ExampleTests {
    struct Example: Sendable, CustomTestStringConvertible {
        var method: String
        var parameters: JSONObject
        var result: JSON
        var schema: JSON

        var testDescription: String { "\(method) \(JSON.object(parameters).text)" }
    }

    static let document = OpenRPC.document

    static let examples: [Example] = (document["methods"]?.array ?? []).flatMap { method in
        (method["examples"]?.array ?? []).map { example in
            let arguments = (example["params"]?.array ?? []).map { argument in
                JSONObject.Member(name: argument["name"]?.string ?? "", value: argument["value"] ?? nil)
            }
            return Example(
                method: method["name"]?.string ?? "",
                parameters: JSONObject(arguments),
                result: example[at: "result", "value"] ?? nil,
                schema: method[at: "result", "schema"] ?? nil
            )
        }
    }

    @Test(arguments: examples)
    func `an example is answered as it says`(_ example: Example) async throws {
        try await ExampleFixture.with { fixture in
            let (parameters, subscription) = try await fixture.prepare(example.method, example.parameters)
            let result = try await fixture.agent.call(example.method, .object(parameters))
            #expect(JSONSchema(document: Self.document).problems(of: result, by: example.schema) == [])
            #expect(Self.differences(example.result, result) == [])
            if let subscription { for try await _ in subscription {} }
        }
    }

    @Test(arguments: examples)
    func `an example is valid by the document`(_ example: Example) throws {
        let schema = JSONSchema(document: Self.document)
        #expect(schema.problems(of: example.result, by: example.schema) == [])
        let method = try #require(Self.document["methods"]?.array?.first { $0["name"]?.string == example.method })
        for parameter in method["params"]?.array ?? [] {
            let name = try #require(parameter["name"]?.string)
            if parameter["required"] == true { #expect(example.parameters[name] != nil) }
            guard let value = example.parameters[name] else { continue }
            #expect(schema.problems(of: value, by: parameter["schema"] ?? nil, at: name) == [])
        }
    }

    /// When the scheduler has planned a task is its own affair: until then nothing is due.
    private static let passing: Set<String> = ["due"]

    /// Members of the example that the answer has not, or of another kind.
    private static func differences(_ example: JSON, _ answer: JSON, _ path: String = "") -> [String] {
        switch (example, answer) {
        case (.null, _), (_, .null): return []
        case (.object(let expected), .object(let object)):
            return expected.members.flatMap { member in
                guard let value = object[member.name] else {
                    return passing.contains(member.name) ? [] : ["\(path)/\(member.name) is missing"]
                }
                return differences(member.value, value, "\(path)/\(member.name)")
            }
        case (.array(let expected), .array(let elements)):
            guard let first = expected.first else { return [] }
            return elements.first.map { differences(first, $0, "\(path)/0") } ?? ["\(path) is empty"]
        default: return example.kindName == answer.kindName ? [] : ["\(path) is \(answer.kindName)"]
        }
    }
}
