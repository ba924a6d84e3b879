import JSON
import YAML

/// Tasks in a file, each with where it stands there.
struct TaskFile {
    struct Entry {
        /// As it is to be put.
        var task: JSON
        /// Where in the file.
        var pointer: String
    }

    let path: String
    let entries: [Entry]
    private let document: YAMLDocument

    init(path: String) throws {
        self.path = path
        document = try Self.document(path)
        guard case .object(let object) = document.json else {
            throw CommandFailure(.refused, "\(path): is \(document.json.kindName), not a task", hint: Self.hint)
        }
        for name in ["services", "endpoints"] where object[name] != nil {
            throw CommandFailure(
                .refused,
                "\(path): \(name) cannot be applied by this version of reeve",
                hint: name == "endpoints" ? "reeve endpoint add NAME -f FILE" : nil
            )
        }
        guard let tasks = object["tasks"] else {
            entries = [Entry(task: Self.named(object, path: path), pointer: "")]
            return
        }
        guard object.members.count == 1, let list = tasks.array else {
            throw CommandFailure(.refused, "\(path): tasks must be a list, and stand alone", hint: Self.hint)
        }
        entries = list.enumerated().map { Entry(task: $1, pointer: "/tasks/\($0)") }
    }

    private static let hint = "a file is one task, or {tasks: [...]}"

    /// One task's file may leave the id to its name.
    private static func named(_ object: JSONObject, path: String) -> JSON {
        guard object["id"] == nil, path != "-" else { return .object(object) }
        let name = path.split(separator: "/").last ?? ""
        let id = name.lastIndex(of: ".").map { String(name[..<$0]) } ?? String(name)
        return .object(JSONObject([.init(name: "id", value: .string(id))] + object.members))
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
        let inTask = path.hasPrefix("/task") ? String(path.dropFirst("/task".count)) : path
        let name = self.path == "-" ? "standard input" : self.path
        guard let location = document.location(of: entry.pointer + inTask) else { return name }
        return "\(name):\(location.line):\(location.column)"
    }
}
