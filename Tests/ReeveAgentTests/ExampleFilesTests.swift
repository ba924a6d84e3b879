import ReeveProtocol
import Testing

@testable import ReeveAgent

/// The files that are shipped as examples are good.
struct ExampleFilesTests {
    @Test func `the services of the examples are taken`() throws {
        let folder = ProtocolFile.repository + "/contrib/examples/services.d"
        let paths = try #require(try DropInFolder(folder).contents()?.paths)
        #expect(try paths.flatMap { try serviceFile($0).services.map(\.name) } == ["migrate", "web"])
    }

    @Test func `the tasks of the examples are taken`() throws {
        let folder = ProtocolFile.repository + "/contrib/examples/conf.d"
        let paths = try #require(try DropInFolder(folder).contents()?.paths)
        let ids = try paths.flatMap { try taskFile($0).tasks.map(\.task.id) }
        #expect(ids == ["backup", "tmp-clean", "certificates", "announce"])
    }

    @Test func `every key of the configuration stands in its example, with a value that is taken`() throws {
        let text = try ProtocolFile.text("../contrib/examples/reeve.yaml")
        // Those that are commented out as well: a comment in words does not begin like that.
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map { line in
            String(line.replacing(/^( *)# ([a-z]\w*: )/) { "\($0.output.1)\($0.output.2)" })
        }
        let file = try ConfigurationFile(text: lines.joined(separator: "\n"), file: "reeve.yaml")
        #expect(absent(file, "") == [])
    }

    /// The paths of what has no value, though this version knows the key. Endpoints have a document of their own.
    private func absent(_ value: Any, _ path: String) -> [String] {
        let mirror = Mirror(reflecting: value)
        switch mirror.displayStyle {
        case .optional:
            if value is UnsupportedField? { return [] }
            return mirror.children.first.map { absent($0.value, path) } ?? [path]
        case .collection where value is [EndpointDefinition]: return mirror.children.isEmpty ? [path] : []
        case .collection, .dictionary:
            // What one element does not say another may.
            let ofElements = mirror.children.map { Set(absent($0.value, path)) }
            guard let first = ofElements.first else { return [path] }
            return ofElements.dropFirst().reduce(first) { $0.intersection($1) }.sorted()
        case .struct where String(reflecting: type(of: value)).contains("ConfigurationFile"):
            return mirror.children.flatMap { absent($0.value, "\(path)/\($0.label ?? "")") }
        case .tuple: return mirror.children.dropFirst().flatMap { absent($0.value, path) }
        default: return []
        }
    }
}
