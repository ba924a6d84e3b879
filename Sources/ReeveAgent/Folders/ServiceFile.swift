import Glibc
import JSON
package import ReeveProtocol
import YAML

/// A drop-in file: one service, or `services:` with a list of them, as YAML or JSON.
package struct ServiceFile: Sendable {
    package let path: String
    package let services: [ServiceDefinition]

    /// Reads and checks a file. What is wrong is said with its line.
    ///
    /// One that others than root and the agent's user may write, or that is no plain file, is refused: what stands in it
    /// would run as them.
    package init(path: String) throws(ConfigurationError) {
        self.path = path
        let document: YAMLDocument
        do {
            document = try YAMLDocument(try Self.text(path))
        } catch let error as YAMLError {
            throw ConfigurationError(problems: ["\(path):\(error)"])
        } catch {
            throw ConfigurationError(problems: ["\(path): \(error)"])
        }
        func place(_ problem: InvalidValue) -> String {
            let location = document.location(of: problem.path).map { ":\($0.line):\($0.column)" } ?? ""
            return "\(path)\(location): \(problem)"
        }
        do {
            services = try Self.services(document.json, path)
        } catch {
            throw ConfigurationError(problems: [place(error)])
        }
        let isList = document.json["services"] != nil
        var names: Set<String> = []
        let problems = services.enumerated().flatMap { index, service in
            let isNew = names.insert(service.name).inserted
            let again = InvalidValue(path: "/name", reason: "\"\(service.name)\" is an earlier service's in this file")
            return (service.problems() + (isNew ? [] : [again])).map { isList ? $0.below("/services/\(index)") : $0 }
        }
        guard problems.isEmpty else { throw ConfigurationError(problems: problems.map(place)) }
    }

    /// What is wrong with files together of which each is good alone: a name that two of them have, and circles.
    package static func problems(among files: [ServiceFile]) -> [String] {
        var owners: [String: String] = [:]
        var inCircles: Set<String> = []
        let graph = ServiceGraph(files.flatMap(\.services))
        return files.flatMap { file in
            file.services.flatMap { service -> [String] in
                if let owner = owners.updateValue(file.path, forKey: service.name) {
                    return ["\(file.path): service \"\(service.name)\" is in \(owner) already"]
                }
                guard !inCircles.contains(service.name), let circle = graph.circle(through: service.name) else {
                    return []
                }
                inCircles.formUnion(circle)
                return ["\(file.path): service \"\(service.name)\" \(ServiceGraph.description(of: circle))"]
            }
        }
    }

    /// The files of a folder that are read, by name: `*.yaml`, `*.yml`, `*.json`, but no hidden ones; `nil` if there is no
    /// such folder.
    ///
    /// Throws where the folder cannot be read to its end, and where others than root and the agent's user may put files
    /// into it.
    package static func paths(in folder: String) throws(ConfigurationError) -> [String]? {
        guard let stream = opendir(folder) else {
            if errno == ENOENT { return nil }
            throw ConfigurationError(problems: ["\(folder): cannot be read: \(meaning(errno))"])
        }
        defer { closedir(stream) }
        guard isSafe(dirfd(stream)) else { throw ConfigurationError(problems: ["\(folder): \(unsafe)"]) }
        var names: [String] = []
        while true {
            errno = 0
            guard let entry = readdir(stream) else {
                if errno == 0 { break }
                throw ConfigurationError(problems: ["\(folder): cannot be read: \(meaning(errno))"])
            }
            let name = withUnsafeBytes(of: entry.pointee.d_name) {
                String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
            }
            let isRead = [".yaml", ".yml", ".json"].contains { name.hasSuffix($0) && name.count > $0.count }
            if isRead, !name.hasPrefix(".") { names.append(name) }
        }
        return names.sorted().map { "\(folder)/\($0)" }
    }

    private struct Listed: Decodable {
        var services: [ServiceDefinition]

        enum CodingKeys: String, CodingKey, CaseIterable { case services }
    }

    private static func services(_ json: JSON, _ path: String) throws(InvalidValue) -> [ServiceDefinition] {
        guard let object = json.object else {
            throw InvalidValue(
                path: "",
                reason: "is \(json.kindName), not a service",
                expected: "one service, or services: with a list"
            )
        }
        if object["services"] != nil {
            return try JSONCoder.decode(Listed.self, from: json, unknownFields: .reject).services
        }
        var named = object
        if named["name"] == nil { named["name"] = .string(name(path)) }
        return [try JSONCoder.decode(ServiceDefinition.self, from: .object(named), unknownFields: .reject)]
    }

    /// The file's, without what is behind the last dot.
    private static func name(_ path: String) -> String {
        let file = path.split(separator: "/").last ?? ""
        return String(file.lastIndex(of: ".").map { file[..<$0] } ?? file)
    }

    private struct Unreadable: Error, CustomStringConvertible {
        let description: String
    }

    private static func text(_ path: String) throws -> String {
        let file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard file >= 0 else { throw Unreadable(description: "cannot be read: \(meaning(errno))") }
        defer { close(file) }
        var status = stat()
        fstat(file, &status)
        guard status.st_mode & S_IFMT == S_IFREG else { throw Unreadable(description: "is no file") }
        guard isSafe(file) else { throw Unreadable(description: unsafe) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            let count = read(file, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw Unreadable(description: "cannot be read: \(meaning(errno))") }
            guard count > 0 else { break }
            bytes += buffer.prefix(count)
            guard bytes.count <= 4 << 20 else { throw Unreadable(description: "is larger than 4 MiB") }
        }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw Unreadable(description: "is not UTF-8")
        }
        return text
    }

    private static let unsafe =
        "is refused, for others than root and the agent's user may change it (chown root, chmod go-w)"

    private static func isSafe(_ descriptor: CInt) -> Bool {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { return false }
        return status.st_mode & 0o022 == 0 && (status.st_uid == 0 || status.st_uid == geteuid())
    }

    private static func meaning(_ number: CInt) -> String {
        String(cString: strerror(number)).lowercased()
    }
}
