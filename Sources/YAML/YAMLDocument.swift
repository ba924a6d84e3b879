package import JSON
import Yams

/// A YAML text read as JSON, which remembers where each value stands.
///
/// Scalars are read by YAML 1.2's core schema: `null`, `true`, `false`, numbers; everything else is a string, also
/// `yes`, `on` and dates. JSON texts are YAML texts.
package struct YAMLDocument: Sendable {
    /// A place in the text; both count from 1.
    package struct Location: Sendable, Hashable {
        package var line: Int
        package var column: Int
    }

    package let json: JSON
    private let locations: [String: Location]

    /// Reads one document. An empty text is `null`.
    package init(_ text: String) throws(YAMLError) {
        let root: Node?
        do {
            // The parser is given the core schema's few rules below, not Yams' own YAML 1.1 ones.
            root = try Parser(yaml: text, resolver: .basic).singleRoot()
        } catch {
            throw YAMLError(error)
        }
        var reader = NodeReader()
        json = try root.map { node throws(YAMLError) in try reader.read(node, at: "") } ?? .null
        locations = reader.locations
    }

    /// Whether a file of a folder is one of YAML or JSON by its name, and not hidden.
    package static func isFile(named name: String) -> Bool {
        !name.hasPrefix(".") && [".yaml", ".yml", ".json"].contains { name.hasSuffix($0) }
    }

    /// Where the value at that JSON Pointer stands; for one that is absent, where the nearest value around it does.
    package func location(of pointer: String) -> Location? {
        var path = Substring(pointer)
        while true {
            if let location = locations[String(path)] { return location }
            guard let slash = path.lastIndex(of: "/") else { return nil }
            path = path[..<slash]
        }
    }
}

/// Why a text is no YAML, or is YAML that JSON cannot say.
package struct YAMLError: Error, Sendable, CustomStringConvertible {
    package var message: String
    package var location: YAMLDocument.Location?

    package var description: String {
        (location.map { "\($0.line):\($0.column): " } ?? "") + message
    }

    init(_ message: String, at mark: Mark?) {
        self.message = message
        location = mark.map { YAMLDocument.Location(line: $0.line, column: $0.column) }
    }

    init(_ error: any Error) {
        switch error {
        case YamlError.scanner(_, let problem, let mark, _), YamlError.parser(_, let problem, let mark, _),
            YamlError.composer(_, let problem, let mark, _):
            self.init(problem, at: mark)
        case YamlError.duplicatedKeysInMapping(let names, let context):
            self.init("the key \(names.joined(separator: ", ")) is there twice", at: context.mark)
        case YamlError.reader(let problem, _, _, _):
            self.init("not readable as YAML: \(problem)", at: nil)
        default:
            self.init("not readable as YAML: \(error)", at: nil)
        }
    }
}

/// Turns Yams' nodes into JSON and notes where they stood.
private struct NodeReader {
    private static let mostValues = 200_000

    var locations: [String: YAMLDocument.Location] = [:]
    private var depth = 0
    private var count = 0

    mutating func read(_ node: Node, at pointer: String) throws(YAMLError) -> JSON {
        guard depth < 64 else { throw YAMLError("is nested more than 64 deep", at: node.mark) }
        // An alias stands for all that is behind its anchor: a few lines of them can stand for billions of values.
        count += 1
        guard count <= Self.mostValues else {
            throw YAMLError("has more than \(Self.mostValues) values", at: node.mark)
        }
        depth += 1
        defer { depth -= 1 }
        if let mark = node.mark { locations[pointer] = .init(line: mark.line, column: mark.column) }
        switch node {
        case .scalar(let scalar): return value(of: scalar)
        case .sequence(let sequence):
            var elements: [JSON] = []
            for (index, element) in sequence.enumerated() {
                elements.append(try read(element, at: "\(pointer)/\(index)"))
            }
            return .array(elements)
        case .mapping(let mapping):
            var object = JSONObject()
            for (key, element) in mapping {
                guard case .scalar(let name) = key else { throw YAMLError("a key must be a text", at: key.mark) }
                let path = pointer + "/" + InvalidValue.escaped(name.string)
                object.members.append(.init(name: name.string, value: try read(element, at: path)))
                if let mark = key.mark { locations[path] = .init(line: mark.line, column: mark.column) }
            }
            return .object(object)
        case .alias: throw YAMLError("aliases are not taken", at: node.mark)
        }
    }

    /// YAML 1.2.2 §10.3.2, for plain scalars; quoted and block ones are strings.
    private func value(of scalar: Node.Scalar) -> JSON {
        let text = scalar.string
        guard scalar.style == .plain || scalar.style == .any else { return .string(text) }
        switch text {
        case "", "~", "null", "Null", "NULL": return .null
        case "true", "True", "TRUE": return .bool(true)
        case "false", "False", "FALSE": return .bool(false)
        default: return number(text) ?? .string(text)
        }
    }

    private func number(_ text: String) -> JSON? {
        guard let first = text.utf8.first,
            first == UInt8(ascii: "-") || (UInt8(ascii: "0")...UInt8(ascii: "9")) ~= first,
            let json = try? JSON(parsing: text), case .number = json
        else { return nil }
        return json
    }
}
