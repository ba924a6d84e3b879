import ReeveProtocol

/// Writes submissions as lines: to a file, or to the agent's standard output.
struct LineCarrier: Carrier {
    static let defaultTimeout = Duration.seconds(15)

    private let writer: EventWriter
    private let queue: LineQueue
    private let timeout: Duration
    private let clock: any Clock<Duration>

    init(_ endpoint: EndpointDefinition, writer: EventWriter, queue: LineQueue, clock: any Clock<Duration>) {
        self.writer = writer
        self.queue = queue
        self.clock = clock
        timeout = endpoint.timeout?.duration ?? Self.defaultTimeout
    }

    func carry(_ submissions: [Submission]) async -> Attempt {
        do {
            let lines = try await writer.lines(submissions)
            try await write(lines)
            return Attempt(.delivered(Reply(status: nil, text: "\(lines.count) bytes written")))
        } catch {
            return .trouble("\(error)")
        }
    }

    private func write(_ lines: [UInt8]) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { [queue] in try await queue.write(lines) }
            group.addTask { [clock, timeout] in
                try await clock.sleep(for: timeout)
                throw TransportFailure("it could not be written within \(Interval(timeout))")
            }
            defer { group.cancelAll() }
            try await group.next()
        }
    }
}
