import JSON
package import ReeveProtocol
import YAML

/// What a drop-in file says: one task or service, or lists of them below `tasks:` and `services:`, and endpoints
/// below `endpoints:`, as YAML or JSON.
package struct DropInFile: Sendable {
    package let path: String
    package let tasks: [CheckedTask]
    package let services: [ServiceDefinition]
    let endpoints: [EndpointPreparation]
    private let document: YAMLDocument
    private let hasLists: Bool

    /// Reads and checks a file's text. What is wrong is said with its line.
    ///
    /// - Parameters:
    ///   - bare: What a file is that holds no lists.
    ///   - checker: What says what is wrong with tasks.
    package init(
        path: String,
        text: String,
        bare: DropInName.Kind,
        checker: TaskChecker,
        now: Timestamp
    ) throws(ConfigurationError) {
        self.path = path
        do {
            document = try YAMLDocument(text)
        } catch {
            throw ConfigurationError(problems: ["\(path):\(error)"])
        }
        let content: Content
        do {
            content = try Content(document.json, bare: bare, name: Self.name(path))
        } catch {
            throw ConfigurationError(problems: [Self.place(error, path, document)])
        }
        tasks = (content.tasks ?? []).map { checker.check($0, now: now, count: 0) }
        services = content.services ?? []
        let definitions = content.endpoints ?? []
        // What cannot be prepared is among the problems.
        endpoints = definitions.compactMap { try? EndpointPreparation($0) }
        hasLists = content.hasLists
        let problems = problems(content)
        guard problems.isEmpty else {
            throw ConfigurationError(problems: problems.map { Self.place($0, path, document) })
        }
    }

    /// What it says, in its order.
    package var names: [DropInName] {
        tasks.map { DropInName(.task, $0.task.id) } + services.map { DropInName(.service, $0.name) }
            + endpoints.map { DropInName(.endpoint, $0.definition.name) }
    }

    /// What is not there now, or is probably not meant, of what it says.
    package func warnings(_ checker: TaskChecker) -> [String] {
        let services = ServiceChecker(commands: checker.commands)
        return tasks.flatMap { checked in checked.warnings.map { "task \(checked.task.id): \($0)" } }
            + self.services.flatMap { service in services.warnings(service).map { "service \(service.name): \($0)" } }
    }

    /// Where an error of one of its tasks is, and what it is.
    func place(_ problem: InvalidValue, task index: Int) -> String {
        Self.place(problem.below(pointer("tasks", index)), path, document)
    }

    private static func place(_ problem: InvalidValue, _ path: String, _ document: YAMLDocument) -> String {
        let location = document.location(of: problem.path).map { ":\($0.line):\($0.column)" } ?? ""
        return "\(path)\(location): \(problem)"
    }

    private func pointer(_ list: String, _ index: Int) -> String {
        hasLists ? "/\(list)/\(index)" : ""
    }

    private func problems(_ content: Content) -> [InvalidValue] {
        let ofTasks = tasks.problems(in: "file") { pointer("tasks", $0) }
        let ofServices = problems("services", "service", services, \.name) { $0.problems() }
        let ofEndpoints = problems("endpoints", "endpoint", content.endpoints ?? [], \.name) { $0.problemsInFile() }
        return (ofTasks + ofServices).map { named($0, content) } + ofEndpoints
    }

    private func problems<Definition>(
        _ list: String,
        _ kind: String,
        _ definitions: [Definition],
        _ name: (Definition) -> String,
        _ problems: (Definition) -> [InvalidValue]
    ) -> [InvalidValue] {
        var names: Set<String> = []
        return definitions.enumerated().flatMap { index, definition in
            let name = name(definition)
            let again = names.insert(name).inserted ? [] : [InvalidValue.again(name, kind, "file", "/name")]
            return (problems(definition) + again).map { $0.below(pointer(list, index)) }
        }
    }

    /// A name that is wrong and does not stand in the file is the file's own.
    private func named(_ problem: InvalidValue, _ content: Content) -> InvalidValue {
        guard let member = content.nameIsTheFiles, problem.path == "/\(member)" else { return problem }
        var problem = problem
        problem.path = ""
        problem.hint = "that is the file's name: give it another one, or say \(member) in it"
        return problem
    }

    /// The file's, without what is behind the last dot.
    private static func name(_ path: String) -> String {
        let file = path.split(separator: "/").last ?? ""
        return String(file.lastIndex(of: ".").map { file[..<$0] } ?? file)
    }

    /// What is wrong with files together of which each is good alone: a name that two of them have, and circles.
    package static func problems(among files: [DropInFile]) -> [String] {
        var owners: [DropInName: String] = [:]
        var inCircles: Set<String> = []
        let graph = ServiceGraph(files.flatMap(\.services))
        return files.flatMap { file in
            file.names.flatMap { name -> [String] in
                if let owner = owners.updateValue(file.path, forKey: name) {
                    return ["\(file.path): \(name.kind) \"\(name.name)\" is in \(owner) already"]
                }
                guard name.kind == .service, !inCircles.contains(name.name),
                    let circle = graph.circle(through: name.name)
                else { return [] }
                inCircles.formUnion(circle)
                return ["\(file.path): service \"\(name.name)\" \(ServiceGraph.description(of: circle))"]
            }
        }
    }
}

/// What stands in a file.
private struct Content {
    var tasks: [TaskDefinition]?
    var services: [ServiceDefinition]?
    var endpoints: [EndpointDefinition]?
    var hasLists: Bool
    /// The member that would say the name, where the file's own name stands for it.
    var nameIsTheFiles: String?

    private struct Lists: Decodable {
        var tasks: [TaskDefinition]?
        var services: [ServiceDefinition]?
        var endpoints: [EndpointDefinition]?

        enum CodingKeys: String, CodingKey, CaseIterable { case tasks, services, endpoints }
    }

    /// - Parameter name: What one is called that does not say it.
    init(_ json: JSON, bare: DropInName.Kind, name: String) throws(InvalidValue) {
        guard var object = json.object else {
            throw InvalidValue(
                path: "",
                reason: json == .null ? "is empty" : "is \(json.kindName), not a \(bare)",
                expected: "one \(bare), or tasks:, services: and endpoints: with lists"
            )
        }
        let lists = Lists.CodingKeys.allCases.map(\.rawValue).filter { object[$0] != nil }
        hasLists = !lists.isEmpty
        guard lists.isEmpty else {
            // One whose entries were all taken out is more often a mistake than a wish to remove them.
            if let empty = lists.first(where: { object[$0] == .null }) {
                throw InvalidValue(path: "/\(empty)", reason: "holds nothing", expected: "a list; [] for an empty one")
            }
            let lists = try JSONCoder.decode(Lists.self, from: json, unknownFields: .reject)
            (tasks, services, endpoints) = (lists.tasks, lists.services, lists.endpoints)
            return
        }
        let member = bare == .task ? "id" : "name"
        if object[member] == nil {
            object[member] = .string(name)
            nameIsTheFiles = member
        }
        switch bare {
        case .task: tasks = [try JSONCoder.decode(from: .object(object), unknownFields: .reject)]
        case .service: services = [try JSONCoder.decode(from: .object(object), unknownFields: .reject)]
        case .endpoint: endpoints = [try JSONCoder.decode(from: .object(object), unknownFields: .reject)]
        }
    }
}
