import Glibc
import ReeveProtocol
import Testing
import TestSupport

@testable import ReeveAgent

/// Writes a file as editors do, beside its place and moved there: nobody sees half of it.
func writeDropIn(_ folder: String, _ name: String, _ text: String, mode: mode_t = 0o644) throws {
    let path = "\(folder)/.\(name).new"
    let file = try #require(fopen(path, "we"))
    fputs(text, file)
    fclose(file)
    chmod(path, mode)
    #expect(rename(path, "\(folder)/\(name)") == 0)
}

/// The time at which drop-in files are looked at in tests.
let dropInTime = Timestamp(seconds: 1_795_230_000)  // 2026-11-21T03:00:00Z

func dropInFile(_ path: String, bare: DropInName.Kind) throws(ConfigurationError) -> DropInFile {
    let (time, text): (HostTime, String)
    do {
        time = try HostTime(environmentTZ: nil, directory: nil, configured: "UTC", host: "test")
        text = try PlainFile.text(path)
    } catch {
        throw ConfigurationError(problems: ["\(path): \(error)"])
    }
    let checker = TaskChecker(
        time: time,
        commands: CommandChecker(ownUser: 0),
        rules: TaskRules(Configuration(name: "", stateDirectory: "/none"), hasUnits: false)
    )
    return try DropInFile(path: path, text: text, bare: bare, checker: checker, now: dropInTime)
}

func serviceFile(_ path: String) throws(ConfigurationError) -> DropInFile { try dropInFile(path, bare: .service) }
func taskFile(_ path: String) throws(ConfigurationError) -> DropInFile { try dropInFile(path, bare: .task) }

extension RunningAgent {
    /// Runs an agent with a folder of files beside its state.
    /// - Parameter bare: What a file is that holds no lists.
    static func with(
        files: [(String, String)],
        bare: DropInName.Kind,
        clock: any Clock<Duration> = ContinuousClock(),
        wallClock: (any WallClock)? = nil,
        _ body: @escaping @Sendable (RunningAgent, String) async throws -> Void
    ) async throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/files"
        mkdir(path, 0o755)
        for (name, text) in files { try writeDropIn(path, name, text) }
        let configure: (inout Configuration) -> Void = { $0.folders = [DropInFolder(path, bare: bare)] }
        try await with(folder: folder, clock: clock, wallClock: wallClock, configure) { try await body($0, path) }
    }

    /// Returns when what is in the folder now has been looked at to the end.
    func looked(_ folder: String, _ name: String = "look") async throws {
        // The second is put by a later look than the first: so that one has ended.
        for id in ["\(name)-1", "\(name)-2"] {
            try writeDropIn(folder, "\(id).yaml", "tasks:\n- {id: \(id), command: [/bin/true]}\n")
            _ = try await taskEvent(id, "created")
        }
    }
}
