import JSON
import YAML

/// Tasks, services or endpoints in a file, each with where it stands there.
struct DefinitionFile {
    struct Entry {
        /// As it is to be put.
        var definition: JSON
        /// Where in the file.
        var pointer: String
    }

    let kind: DefinitionKind
    let path: String
    let entries: [Entry]
    /// What stands in it beside those of this kind, and is not read here.
    let others: [String]
    private let document: YAMLDocument

    init(_ kind: DefinitionKind, path: String) throws {
        self.kind = kind
        self.path = path
        document = try Self.document(path)
        switch document.json {
        case .array(let list):
            others = []
            entries = list.enumerated().map { Entry(definition: $1, pointer: "/\($0)") }
        case .object(let object) where Self.lists.contains { object[$0] != nil }:
            others = Self.lists.filter { $0 != kind.list && object[$0] != nil }
            entries = try Self.listed(kind, in: object, path: path)
        case .object(let object):
            others = []
            entries = [Entry(definition: Self.named(kind, object, path: path), pointer: "")]
        default:
            let found = "\(path): is \(document.json.kindName), not a \(kind.word)"
            throw CommandFailure(.refused, found, hint: Self.hint(kind))
        }
    }

    private static let lists = DefinitionKind.allCases.map(\.list)

    private static func hint(_ kind: DefinitionKind) -> String {
        "a file is one \(kind.word), or {\(kind.list): [...]}"
    }

    private static func listed(_ kind: DefinitionKind, in object: JSONObject, path: String) throws -> [Entry] {
        if let other = object.members.first(where: { !lists.contains($0.name) }) {
            throw CommandFailure(.refused, "\(path): \(other.name) cannot stand beside lists", hint: hint(kind))
        }
        guard let list = object[kind.list] else {
            let names = object.members.map(\.name)
            let found = "\(path): holds \(names.joined(separator: " and ")), and no \(kind.list)"
            throw CommandFailure(.refused, found, hint: hint(names, path))
        }
        guard let definitions = list.array else {
            throw CommandFailure(.refused, "\(path): \(kind.list) must be a list", hint: hint(kind))
        }
        return definitions.enumerated().map { Entry(definition: $1, pointer: "/\(kind.list)/\($0)") }
    }

    /// What takes the lists that were found instead.
    private static func hint(_ names: [String], _ path: String) -> String? {
        let file = path == "-" ? "FILE" : path
        let kind = DefinitionKind.allCases.first { names.contains($0.list) }
        return kind.map { "\($0.apply) \(file)" }
    }

    /// The file of one may leave the name to its own.
    private static func named(_ kind: DefinitionKind, _ object: JSONObject, path: String) -> JSON {
        guard object[kind.name] == nil, path != "-" else { return .object(object) }
        let file = path.split(separator: "/").last ?? ""
        let name = file.lastIndex(of: ".").map { String(file[..<$0]) } ?? String(file)
        return .object(JSONObject([.init(name: kind.name, value: .string(name))] + object.members))
    }

    private static func document(_ path: String) throws -> YAMLDocument {
        let text = try File.read(path)
        do {
            return try YAMLDocument(text)
        } catch {
            throw CommandFailure(.refused, "\(path == "-" ? "standard input" : path):\(error)")
        }
    }

    /// One definition as it is written.
    static func read(_ path: String) throws -> JSON {
        try document(path).json
    }

    /// `FILE:LINE:COLUMN` of what an error is about.
    func place(_ entry: Entry, _ path: String) -> String {
        let prefix = "/\(kind.word)"
        let inside = path.hasPrefix(prefix) ? String(path.dropFirst(prefix.count)) : path
        let name = self.path == "-" ? "standard input" : self.path
        guard let location = document.location(of: entry.pointer + inside) else { return name }
        return "\(name):\(location.line):\(location.column)"
    }

    /// Says what else the file holds.
    func tellOthers() {
        guard !others.isEmpty else { return }
        Standard.say("\(path): \(others.joined(separator: " and ")) in it are not looked at here")
    }
}
