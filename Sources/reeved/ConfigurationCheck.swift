import ReeveAgent
import ReeveProtocol

/// `--check-config`: reads all that a start would read, and starts nothing.
struct ConfigurationCheck {
    let message: String

    init(_ arguments: Arguments) throws {
        let places = Places()
        let settings = try Settings(arguments, places)
        _ = try Daemon.time(places, settings.configuration)
        var lines = [settings.file.map { "\($0): good" } ?? "no configuration file: defaults are used"]
        lines += try Self.services(settings.configuration.servicesFolder)
        message = lines.joined(separator: "\n")
    }

    /// What is wrong in any of the drop-in files is said of all of them at once.
    private static func services(_ folder: String?) throws -> [String] {
        var lines: [String] = []
        var problems: [String] = []
        var files: [ServiceFile] = []
        for path in try folder.flatMap({ try ServiceFile.paths(in: $0) }) ?? [] {
            do {
                let file = try ServiceFile(path: path)
                files.append(file)
                lines.append("\(path): good (\(file.services.map(\.name).joined(separator: ", ")))")
            } catch {
                problems += error.problems
            }
        }
        problems += ServiceFile.problems(among: files)
        guard problems.isEmpty else { throw ConfigurationError(problems: problems) }
        return lines
    }
}
