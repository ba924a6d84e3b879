import JSON
package import ReeveProtocol
import YAML

/// A drop-in file: one task or service, or lists of them below `tasks:` and `services:`, as YAML or JSON.
package struct DropInFile: Sendable {
    /// What a file is that holds no lists.
    package enum Bare: String, Sendable {
        case task, service
    }

    package let path: String
    package let tasks: [CheckedTask]
    package let services: [ServiceDefinition]
    private let document: YAMLDocument
    private let hasLists: Bool

    /// Reads and checks a file. What is wrong is said with its line.
    ///
    /// - Parameter checker: What says what is wrong with tasks.
    package init(path: String, bare: Bare, checker: TaskChecker, now: Timestamp) throws(ConfigurationError) {
        self.path = path
        do {
            document = try YAMLDocument(try PlainFile.text(path))
        } catch let error as YAMLError {
            throw ConfigurationError(problems: ["\(path):\(error)"])
        } catch {
            throw ConfigurationError(problems: ["\(path): \(error)"])
        }
        let content: Content
        do {
            content = try Content(document.json, bare: bare, name: Self.name(path))
        } catch {
            throw ConfigurationError(problems: [Self.place(error, path, document)])
        }
        tasks = (content.tasks ?? []).map { checker.check($0, now: now, count: 0) }
        services = content.services ?? []
        hasLists = content.hasLists
        let problems = problems(content)
        guard problems.isEmpty else {
            throw ConfigurationError(problems: problems.map { Self.place($0, path, document) })
        }
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
        var names: Set<String> = []
        func again(_ list: String, _ member: String, _ name: String) -> [InvalidValue] {
            guard !names.insert("\(list) \(name)").inserted else { return [] }
            let reason = "\"\(name)\" is an earlier \(list.dropLast())'s in this file"
            return [InvalidValue(path: "/\(member)", reason: reason)]
        }
        let ofTasks = tasks.enumerated().flatMap { index, checked in
            (checked.problems + again("tasks", "id", checked.task.id)).map { $0.below(pointer("tasks", index)) }
        }
        let ofServices = services.enumerated().flatMap { index, service in
            (service.problems() + again("services", "name", service.name)).map {
                $0.below(pointer("services", index))
            }
        }
        let unsupported = content.endpoints == nil ? [] : ["/endpoints"]
        return ofTasks + ofServices
            + unsupported.map {
                InvalidValue(path: $0, reason: "is not supported in these files by this version of reeve")
            }
    }

    /// The file's, without what is behind the last dot.
    private static func name(_ path: String) -> String {
        let file = path.split(separator: "/").last ?? ""
        return String(file.lastIndex(of: ".").map { file[..<$0] } ?? file)
    }

    /// What is wrong with files together of which each is good alone: a name that two of them have, and circles.
    package static func problems(among files: [DropInFile]) -> [String] {
        var owners: [String: String] = [:]
        var inCircles: Set<String> = []
        let graph = ServiceGraph(files.flatMap(\.services))
        func other(_ word: String, _ name: String, _ file: DropInFile) -> [String] {
            let owner = owners.updateValue(file.path, forKey: "\(word) \(name)")
            return owner.map { ["\(file.path): \(word) \"\(name)\" is in \($0) already"] } ?? []
        }
        return files.flatMap { file in
            file.tasks.flatMap { other("task", $0.task.id, file) }
                + file.services.flatMap { service -> [String] in
                    let found = other("service", service.name, file)
                    guard found.isEmpty, !inCircles.contains(service.name),
                        let circle = graph.circle(through: service.name)
                    else { return found }
                    inCircles.formUnion(circle)
                    return ["\(file.path): service \"\(service.name)\" \(ServiceGraph.description(of: circle))"]
                }
        }
    }
}

/// What stands in a file.
private struct Content {
    var tasks: [TaskDefinition]?
    var services: [ServiceDefinition]?
    var endpoints: UnsupportedField?
    var hasLists: Bool

    private struct Lists: Decodable {
        var tasks: [TaskDefinition]?
        var services: [ServiceDefinition]?
        var endpoints: UnsupportedField?

        enum CodingKeys: String, CodingKey, CaseIterable { case tasks, services, endpoints }
    }

    /// - Parameter name: What one is called that does not say it.
    init(_ json: JSON, bare: DropInFile.Bare, name: String) throws(InvalidValue) {
        guard var object = json.object else {
            throw InvalidValue(
                path: "",
                reason: "is \(json.kindName), not a \(bare.rawValue)",
                expected: "one \(bare.rawValue), or tasks: and services: with lists"
            )
        }
        hasLists = Lists.CodingKeys.allCases.contains { object[$0.rawValue] != nil }
        guard !hasLists else {
            let lists = try JSONCoder.decode(Lists.self, from: json, unknownFields: .reject)
            (tasks, services, endpoints) = (lists.tasks, lists.services, lists.endpoints)
            return
        }
        switch bare {
        case .task:
            if object["id"] == nil { object["id"] = .string(name) }
            tasks = [try JSONCoder.decode(from: .object(object), unknownFields: .reject)]
        case .service:
            if object["name"] == nil { object["name"] = .string(name) }
            services = [try JSONCoder.decode(from: .object(object), unknownFields: .reject)]
        }
    }
}
