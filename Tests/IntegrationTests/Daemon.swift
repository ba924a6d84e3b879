import Glibc
import JSON
import JSONRPC
import Testing
import TestSupport

/// One life of the real `reeved`, in a process of its own.
actor Daemon {
    nonisolated let estate: Estate
    nonisolated let child: Child
    private let messages: AsyncStream<[String]>
    private var end: Child.End?
    /// All that it told its service manager until now.
    private(set) var told: [String] = []

    struct Ended: Error, CustomStringConvertible {
        let description: String
    }

    init(_ command: [String], estate: Estate) throws {
        self.estate = estate
        let notify = try NotifySocket(estate.folder.path + "/n")
        child = try Child(command, environment: ["NOTIFY_SOCKET": notify.path], output: estate.logPath)
        messages = try notify.messages(until: child)
    }

    /// Returns when it has told something that has not been waited for yet and is so.
    func tells(_ isSo: ([String]) -> Bool) async throws {
        for await message in messages {
            told += message
            if isSo(message) { return }
        }
        throw Ended(description: "reeved ended or was waited for too long; its log:\n\(estate.log)")
    }

    func ready() async throws {
        try await tells { $0.contains("READY=1") }
    }

    /// Returns when the process has ended.
    func ended() async throws -> Child.End {
        if let end { return end }
        for await message in messages { told += message }
        try await onOwnThread { [child] in child.waitForEnd() }
        // Nobody else waits: the number is free from here on.
        let end = child.reap()
        self.end = end
        return end
    }

    /// Kills it, if it still lives, and returns when it is gone.
    func killed() async {
        guard end == nil else { return }
        child.signal(SIGKILL)
        // Without a thread to wait on, the test fails elsewhere.
        _ = try? await ended()
    }

    /// Asks it to end, and answers how it did.
    func stopped(by signal: CInt = SIGTERM) async throws -> Child.End {
        if let end { return end }
        child.signal(signal)
        return try await ended()
    }

    nonisolated func connect() async throws -> RPCClient {
        try await RPCClient.connect(unixSocket: estate.socketPath)
    }

    /// Calls with a connection of its own.
    @discardableResult
    nonisolated func call(_ method: String, _ parameters: JSON? = nil) async throws -> JSON {
        let client = try await connect()
        let result: Result<JSON, any Error>
        do { result = .success(try await client.call(method, parameters)) } catch { result = .failure(error) }
        await client.close()
        return try result.get()
    }

    /// Runs `reeve` in its folder to the end, and answers all that it printed.
    /// - Parameter editor: What it opens files with.
    nonisolated func reeve(
        _ arguments: [String],
        code: CInt = 0,
        editor: String = "false"
    ) async throws -> String {
        let (end, output) = try await Child.run(
            [Products.reeve, "--socket", estate.socketPath] + arguments,
            environment: ["EDITOR": editor, "TMPDIR": estate.folder.path],
            in: estate.folder
        )
        #expect(end == .exited(code), "\(arguments): \(output)\n\(estate.log)")
        return output
    }

    nonisolated func reeve(_ arguments: String..., code: CInt = 0) async throws -> String {
        try await reeve(arguments, code: code)
    }

    /// Runs a line of the shell in its folder, with `$reeve` as the program with this agent, and answers all that it
    /// printed.
    nonisolated func shell(_ line: String, code: CInt = 0) async throws -> String {
        let (end, output) = try await Child.run(
            ["/bin/sh", "-c", "cd \(estate.folder.path) && { \(line); }"],
            environment: ["reeve": "\(Products.reeve) --socket \(estate.socketPath)"],
            in: estate.folder
        )
        #expect(end == .exited(code), "\(line): \(output)\n\(estate.log)")
        return output
    }

    /// The error that a method answers; `nil` if it answers a result.
    nonisolated func failure(_ method: String, _ parameters: JSON? = nil) async throws -> RPCError? {
        do {
            try await call(method, parameters)
            return nil
        } catch let error as RPCError {
            return error
        }
    }
}

extension JSON {
    /// Follows names and numbers of elements: `json[at: "run", "steps", "0", "exitCode"]`.
    subscript(at path: String...) -> JSON? {
        path.reduce(self as JSON?) { value, name in
            if let elements = value?.array {
                return Int(name).flatMap { elements.indices.contains($0) ? elements[$0] : nil }
            }
            return value?[name]
        }
    }
}
