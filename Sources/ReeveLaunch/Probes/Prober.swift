import AsyncHTTPClient
import Glibc
import NIOCore
import NIOHTTP1
import NIOPosix
package import ReeveProcess
package import ReeveProtocol

/// Asks what probes ask. Holds the connections that it keeps; to be shut down by its owner.
package final class Prober: Sendable {
    /// The process that is asked about.
    package struct Subject: Sendable {
        package var launcher: CommandLauncher
        /// As whom, where and with what commands of probes run: the process's own command.
        package var command: CommandDefinition
        package var key: ProcessKey
        package var facts: [String: String]
        package var scriptDirectory: String
        /// Where its output is, and where in it the process began.
        package var log: String
        package var logStart: SpoolPosition

        package init(
            launcher: CommandLauncher,
            command: CommandDefinition,
            key: ProcessKey,
            facts: [String: String],
            scriptDirectory: String,
            log: String,
            logStart: SpoolPosition
        ) {
            self.launcher = launcher
            self.command = command
            self.key = key
            self.facts = facts
            self.scriptDirectory = scriptDirectory
            self.log = log
            self.logStart = logStart
        }
    }

    private let client: HTTPClient
    private let clock: any Clock<Duration>

    /// - Parameter clock: Limits how long tries may take.
    package init(clock: any Clock<Duration>) {
        self.clock = clock
        var configuration = HTTPClient.Configuration(redirectConfiguration: .disallow, proxy: nil)
        configuration.connectionPool.retryConnectionEstablishment = false
        // A probe comes round seldom: a connection that waits for it would only wake the agent up to be closed.
        configuration.connectionPool.idleTimeout = .milliseconds(1)
        client = HTTPClient(eventLoopGroup: HTTPClient.defaultEventLoopGroup, configuration: configuration)
    }

    package func shutDown() async {
        await client.closed()
    }

    /// How far a log has been searched, from one try to the next.
    package struct Progress: Sendable {
        private var search: LineSearch?
        private var position: SpoolPosition?
        private var isFound = false

        package init() {}

        /// Whether the text stands in what the process has written; what was read once is not read again, and a line that
        /// was there may be gone from the log since.
        fileprivate mutating func find(_ text: String, in subject: Subject) -> Bool {
            guard !isFound else { return true }
            var search = search ?? LineSearch(text)
            var position = position ?? subject.logStart
            isFound = Prober.read(subject, from: &position, &search)
            self.search = search
            self.position = position
            return isFound
        }
    }

    /// One try. A cancellation of the task is a failure.
    package func tryOnce(
        _ target: ProbeTarget,
        of subject: Subject,
        timeout: Duration,
        progress: inout Progress
    ) async -> ProbeResult {
        switch target {
        case .tcp(let place): await connect(place, timeout)
        case .http(let url): await get(url, timeout)
        case .exec(let command): await run(command, subject, timeout)
        case .log(let text): progress.find(text, in: subject) ? .success : .failure("no line has \"\(text)\" yet")
        }
    }

    /// Waits until the target is met, trying again after each failure. `false`: the task was cancelled, or the process
    /// is over.
    package func waitUntilMet(
        _ target: ProbeTarget,
        of subject: Subject,
        interval: Duration,
        timeout: Duration
    ) async -> Bool {
        // A line is waited for, not asked for again and again.
        if case .log(let text) = target { return await find(text, subject) }
        var progress = Progress()
        while !Task.isCancelled {
            let result = await tryOnce(target, of: subject, timeout: timeout, progress: &progress)
            if result == .success { return !Task.isCancelled }
            guard (try? await clock.sleep(for: interval)) != nil else { return false }
        }
        return false
    }

    /// Asks again and again, until the task is cancelled, and tells each change of the health.
    ///
    /// - Parameter health: As it was known before, of a process that was taken over.
    package func watch(
        _ probe: ProbeDefinition,
        of subject: Subject,
        health: ServiceHealth?,
        tell: (ProbeMachine.Verdict) -> Void
    ) async {
        var machine = ProbeMachine(probe, health: health)
        var progress = Progress()
        let interval = (probe.interval ?? ProbeDefinition.defaultInterval).duration
        let timeout = (probe.timeout ?? ProbeDefinition.defaultTimeout).duration
        let age = clock.stopwatch()
        while !Task.isCancelled {
            let result = await tryOnce(probe.target, of: subject, timeout: timeout, progress: &progress)
            guard !Task.isCancelled else { return }
            if let verdict = machine.tried(result, age: age()) { tell(verdict) }
            guard (try? await clock.sleep(for: interval)) != nil else { return }
        }
    }

    // MARK: TCP and HTTP

    private func connect(_ text: String, _ timeout: Duration) async -> ProbeResult {
        do {
            let place = try HostAndPort(text, path: "")
            let connection = ClientBootstrap(group: HTTPClient.defaultEventLoopGroup)
                .connectTimeout(TimeAmount(probe: timeout))
                .connect(host: place.host, port: place.port)
            // Made and closed again: that it is there is all that was asked.
            connection.whenSuccess { $0.close(promise: nil) }
            let promise = connection.eventLoop.makePromise(of: Void.self)
            connection.map { _ in }.cascade(to: promise)
            try await withTaskCancellationHandler {
                try await promise.futureResult.get()
            } onCancel: {
                promise.fail(CancellationError())
            }
            return .success
        } catch {
            return .failure("cannot connect to \(text): \(Self.explanation(of: error, timeout))")
        }
    }

    private func get(_ url: String, _ timeout: Duration) async -> ProbeResult {
        do {
            var request = HTTPClientRequest(url: url)
            request.headers.add(name: "User-Agent", value: "reeve-probe")
            request.headers.add(name: "Connection", value: "close")
            let response = try await client.execute(request, timeout: TimeAmount(probe: timeout))
            guard (200..<400).contains(response.status.code) else {
                return .failure("\(url) answered \(response.status.code)")
            }
            return .success
        } catch {
            return .failure("\(url): \(Self.explanation(of: error, timeout))")
        }
    }

    private static func explanation(of error: any Error, _ timeout: Duration) -> String {
        switch error {
        case let error as NIOConnectionError:
            if let first = error.connectionErrors.first { return explanation(of: first.error, timeout) }
            return "the name \(error.host) is not known"
        case let error as IOError: return errorText(error.errnoCode)
        case is ChannelError: return "no answer within \(Interval(timeout))"
        case let error as HTTPClientError where error == .deadlineExceeded || error == .connectTimeout:
            return "no answer within \(Interval(timeout))"
        case let error as HTTPClientError: return error.shortDescription
        case is CancellationError: return "given up"
        default: return String(String(describing: error).prefix(200))
        }
    }

    // MARK: A command

    private func run(_ command: [String], _ subject: Subject, _ timeout: Duration) async -> ProbeResult {
        var definition = subject.command
        definition.command = command
        definition.script = nil
        let key = ProcessKey("\(subject.key)/probe")
        // A mark of its own: what it is killed by must not be what the process that it asks about is known by.
        let mark = UInt64.random(in: .min ... .max)
        var facts = subject.facts
        facts["REEVE_PROBE"] = String(mark, radix: 16)
        let end: ProcessEnd?
        do {
            end = try await subject.launcher.run(
                definition,
                on: CommandLauncher.Occasion(
                    key: key,
                    facts: facts,
                    marks: ["REEVE_PROBE=\(String(mark, radix: 16))"],
                    output: nil,
                    scriptDirectory: subject.scriptDirectory
                ),
                within: timeout,
                clock: clock
            )
        } catch {
            return .failure(error.reason)
        }
        guard let end else { return .failure("\(command[0]) did not end within \(Interval(timeout))") }
        if let code = end.exitCode { return code == 0 ? .success : .failure("\(command[0]) exited with \(code)") }
        return .failure("\(command[0]) was ended by signal \(end.signal ?? 0)")
    }

    // MARK: A line of the log

    private func find(_ text: String, _ subject: Subject) async -> Bool {
        var search = LineSearch(text)
        var position = subject.logStart
        while !Task.isCancelled {
            // Before the read: what comes meanwhile is then more than this.
            let counts = subject.launcher.processes.record(subject.key)?.output
            if Self.read(subject, from: &position, &search) { return true }
            guard let counts, !counts.isComplete else { return false }
            guard await subject.launcher.processes.output(subject.key, beyond: position) != nil else { return false }
        }
        return false
    }

    /// Whether the text stands in what has come since `position`.
    fileprivate static func read(_ subject: Subject, from position: inout SpoolPosition, _ search: inout LineSearch)
        -> Bool
    {
        let reader = SpoolReader(path: subject.log)
        // A log that cannot be read has no line.
        while let page = try? reader.read(after: position, limit: 256 << 10) {
            for chunk in page.chunks where search.take(chunk.bytes, of: chunk.stream == .output ? .output : .error) {
                return true
            }
            position = page.next
            if page.chunks.isEmpty { return false }
        }
        return false
    }
}

extension TimeAmount {
    fileprivate init(probe duration: Duration) {
        self = .milliseconds(max(1, Interval(duration).milliseconds))
    }
}
