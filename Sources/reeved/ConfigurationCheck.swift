import Glibc
import ReeveAgent
import ReeveProtocol
import ReeveUnits

/// `--check-config`: reads all that a start would read, and starts nothing.
struct ConfigurationCheck {
    let message: String

    init(_ arguments: Arguments) throws {
        let places = Places()
        let settings = try Settings(arguments, places)
        let time = try Daemon.time(places, settings.configuration)
        var lines = [settings.file.map { "\($0): good" } ?? "no configuration file: defaults are used"]
        lines += try Self.folders(
            settings.configuration.folders,
            TaskChecker(
                time: time,
                commands: CommandChecker(ownUser: geteuid()),
                rules: TaskRules(settings.configuration, hasUnits: SystemdUnits.isThere(ofUser: geteuid() != 0))
            )
        )
        message = lines.joined(separator: "\n")
    }

    /// What is wrong in any of the drop-in files is said of all of them at once.
    private static func folders(_ folders: [DropInFolder], _ checker: TaskChecker) throws -> [String] {
        guard let clock = SystemClock() else { throw StartFailure("no descriptors are left") }
        let seen = SeenFiles(folders, checker: checker, now: clock.now)
        let problems =
            seen.problems.sorted { $0.key < $1.key }.flatMap(\.value) + DropInFile.problems(among: seen.files)
        guard problems.isEmpty else { throw ConfigurationError(problems: problems) }
        return seen.absent.map { "\($0): warning: is not there now" }
            + seen.files.flatMap { file in
                ["\(file.path): good (\(file.names.map(\.description).joined(separator: ", ")))"]
                    + file.warnings(checker).map { "\(file.path): warning: \($0)" }
            }
    }
}
