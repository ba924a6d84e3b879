import Glibc
import JSON
import JSONRPC
import Testing
import TestSupport

/// A folder in which daemons live one after the other: state, socket, configuration and log.
struct Estate: Sendable {
    let folder: TemporaryFolder

    var socketPath: String { folder.path + "/s" }
    var statePath: String { folder.path + "/state" }
    var logPath: String { folder.path + "/log" }
    var configurationPath: String { folder.path + "/reeve.yaml" }

    init(configuration: String = "") throws {
        folder = try TemporaryFolder()
        try writeFile(configurationPath, configuration)
    }

    /// What the daemon is started with; `wrapped` goes before it.
    func start(wrapped wrapper: [String] = []) throws -> Daemon {
        let command = [
            Products.reeved, "--config", configurationPath, "--socket", socketPath, "--state-directory", statePath,
            "--log-format", "text",
        ]
        return try Daemon(wrapper + command, estate: self)
    }

    /// Runs a daemon for as long as `body` runs, from the moment when it is ready, and asks it to end then, if it still
    /// lives: one that is killed leaves its cgroup.
    func running<Result: Sendable>(
        wrapped wrapper: [String] = [],
        _ body: (Daemon) async throws -> Result
    ) async throws -> Result {
        let daemon = try start(wrapped: wrapper)
        let result: Swift.Result<Result, any Error>
        do {
            try await daemon.ready()
            result = .success(try await body(daemon))
        } catch {
            result = .failure(error)
        }
        guard case .success = result else {
            await daemon.killed()
            return try result.get()
        }
        _ = try await daemon.stopped()
        return try result.get()
    }

    /// The end of the log, for people who look why a test failed.
    var log: String {
        let lines = ((try? readFile(logPath)) ?? "").split(separator: "\n", omittingEmptySubsequences: false)
        return lines.suffix(60).joined(separator: "\n")
    }
}
