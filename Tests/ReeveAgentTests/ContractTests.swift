import JSON
import ReeveProtocol
import TestSupport
import ReeveStore
import Testing

@testable import ReeveAgent

/// The document says what the program does: nothing more, nothing less.
struct ContractTests {
    @Test func `every method is described, and every description is a method`() throws {
        let table = try MethodTable.ofTest()
        #expect(Set(table.map(\.name)) == Set(OpenRPC.methods.map(\.name)))
        #expect(table.count == OpenRPC.methods.count)
    }

    @Test func `roles and parameters are those of the program, in its order`() throws {
        for method in try MethodTable.ofTest() {
            let described = try #require(OpenRPC.methods.first { $0.name == method.name })
            #expect(described.role == method.role, "\(method.name)")
            #expect(described.parameters.map(\.name) == method.parameters, "\(method.name)")
        }
    }

    @Test(
        arguments: [
            ("Task", fields(TaskDefinition.CodingKeys.self)),
            ("Attachment", fields(AttachmentDefinition.CodingKeys.self)),
            ("Parameter", fields(ParameterDefinition.CodingKeys.self)),
            ("Group", fields(GroupDefinition.CodingKeys.self)),
            ("TaskRetry", fields(TaskRetryDefinition.CodingKeys.self)),
            ("Step", fields(StepDefinition.CodingKeys.self)),
            ("Schedule", fields(ScheduleDefinition.CodingKeys.self)),
            ("Stop", fields(StopDefinition.CodingKeys.self)),
            ("Limits", fields(LimitsDefinition.CodingKeys.self)),
            ("Endpoint", fields(EndpointDefinition.CodingKeys.self)),
            ("Filter", fields(EventFilter.CodingKeys.self)), ("Retry", fields(RetryDefinition.CodingKeys.self)),
            ("Drain", fields(DrainDefinition.CodingKeys.self)), ("Batch", fields(BatchDefinition.CodingKeys.self)),
        ]
    )
    func `what a client may send is what the program reads`(name: String, fields: Set<String>) throws {
        let schema = try #require(OpenRPC.document[at: "components", "schemas", name])
        let object = schema["properties"] == nil ? schema["anyOf"]?.array?.last : schema
        let properties = try #require(object?["properties"]?.object)
        #expect(Set(properties.members.map(\.name)) == fields)
        #expect(object?["additionalProperties"] == false)
    }

    private static func fields<Key: CodingKey & CaseIterable>(
        _ type: Key.Type,
        without unsupported: Set<String> = []
    ) -> Set<String> {
        Set(type.allCases.map(\.stringValue)).subtracting(unsupported)
    }

    @Test func `every reference leads somewhere, and nothing lies idle`() {
        let document = OpenRPC.document
        let references = Set(document.references)
        let schema = JSONSchema(document: document)
        for reference in references { #expect(schema.target(reference) != nil, "\(reference)") }
        // Error describes every error answer, and no method's result refers to it.
        for member in document[at: "components", "schemas"]?.object?.members ?? [] where member.name != "Error" {
            #expect(references.contains(Schema.prefix + member.name), "\(member.name) is not referred to")
        }
    }

    @Test func `answers are open`() throws {
        let closed = OpenRPC.methods.filter { method in
            JSON.object(method.result.json).text.contains("\"additionalProperties\":false")
        }
        #expect(closed.map(\.name) == [])
        let stored = try #require(OpenRPC.document[at: "components", "schemas"]?.object?.members)
        for member in stored where member.name.hasPrefix("Stored") {
            #expect(!member.value.text.contains("\"additionalProperties\":false"), "\(member.name)")
            #expect(!member.value.text.contains("\"enum\""), "\(member.name)")
        }
    }

    @Test func `every error kind has its code`() {
        let errors = OpenRPC.document[at: "components", "errors"]
        for kind in Failure.Kind.allCases {
            #expect(errors?[kind.rawValue]?["code"]?.integer == kind.code)
            #expect(errors?[kind.rawValue]?["data"]?["kind"]?.string == kind.rawValue)
        }
    }

    @Test func `Protocol openrpc json is the document`() throws {
        let wanted = OpenRPC.document.pretty + "\n"
        let checkedIn = try? ProtocolFile.text("openrpc.json")
        guard checkedIn != wanted else { return }
        let rendering = try ProtocolFile.keep(wanted)
        Issue.record("the document has changed. If that is meant: cp \(rendering) Protocol/openrpc.json")
    }
}

extension MethodTable {
    /// The methods as an agent has them whose parts are all away.
    static func ofTest() throws -> [AgentMethod] {
        let environment = try RunningAgent.environment(TemporaryFolder(), sockets: []) { _ in }
        return try Agent(environment).manifolds.methods(.away)
    }
}

extension JSON {
    /// All `$ref`s within.
    fileprivate var references: [String] {
        switch self {
        case .array(let elements): elements.flatMap(\.references)
        case .object(let object):
            object.members.flatMap { member in
                member.name == "$ref" ? [member.value.string ?? ""] : member.value.references
            }
        default: []
        }
    }
}
