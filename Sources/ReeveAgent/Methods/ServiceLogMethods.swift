import JSON
import JSONRPC
import ReeveEngine
import ReeveProcess
import ReeveProtocol
import ReeveService
import ReeveStore

/// `service.logs` and `service.follow`: one log over all of a service's processes.
struct ServiceLogMethods: Sendable {
    var parts: Parts
    /// Where the log of a service is.
    var logPath: @Sendable (String) -> String
    var clock: any Clock<Duration>

    var methods: [AgentMethod] {
        [
            .waiting("service.logs", .observe, logs),
            .subscription("service.follow", .observe, follow),
        ]
    }

    @Sendable private func logs(_ parameters: ServiceLogsParameters, _ call: Call) async throws -> JSON {
        let limits = try OutputLimits(limit: parameters.limit, tail: parameters.tail)
        let start = try position(parameters.after)
        _ = try await parts.store.read { try $0.namedService(parameters.service, includingRemoved: true) }
        let log = log(of: parameters.service, parameters.stream)
        if let tail = limits.tail { return view(try log.read(tail: tail), parameters) }
        let first = try log.read(after: start, limit: limits.limit)
        let page = try await longPoll(first, parameters.wait, clock, isNews: { !$0.chunks.isEmpty }) { page in
            await self.waitForOutput(of: parameters.service, in: log, at: page.next)
            return try log.read(after: page.next, limit: limits.limit)
        }
        return view(page, parameters)
    }

    private func view(_ page: SpoolPage, _ parameters: ServiceLogsParameters) -> JSON {
        let view = OutputView(page.chunks.map(Self.piece), encoding: parameters.encoding)
        // A service's log never ends: it may be started again at any time.
        return view.page(
            next: String(page.next.rawValue),
            isEnd: false,
            dropped: Int(page.droppedOutput + page.droppedError)
        )
    }

    private static func piece(_ chunk: SpoolChunk) -> OutputPiece {
        OutputPiece(chunk, next: String(chunk.next.rawValue))
    }

    /// A log, or one stream of it.
    private struct Log: Sendable {
        let reader: SpoolReader
        let stream: ReeveProcess.OutputStream?

        func read(after position: SpoolPosition, limit: Int) throws -> SpoolPage {
            try reader.read(after: position, limit: limit, stream: stream)
        }

        func read(tail: Int) throws -> SpoolPage {
            try reader.read(tail: tail, stream: stream)
        }
    }

    private func log(of service: String, _ stream: OutputStreamName?) -> Log {
        Log(reader: SpoolReader(path: logPath(service)), stream: stream.map { $0 == .stdout ? .output : .error })
    }

    private func position(_ text: String?) throws(Failure) -> SpoolPosition {
        guard let text else { return .start }
        guard let number = Int64(text), let position = SpoolPosition(rawValue: number) else {
            throw OutputLimits.notAPosition(text)
        }
        return position
    }

    /// Waits until there may be output behind `position`: some came, or the service went on.
    private func waitForOutput(of name: String, in log: Log, at position: SpoolPosition) async {
        let key = ServiceLauncher.key(name)
        guard let store = parts.storeHandle.value else {
            // It comes back, and then everything can be asked again.
            _ = try? await parts.storeHandle.present()
            return
        }
        let changes = store.signals.changes(.serviceStates)
        let writer = writer(key)
        await withTaskGroup(of: Void.self) { group in
            if let writer { group.addTask { _ = await writer.output(key, beyond: position) } }
            group.addTask {
                for await _ in changes {
                    guard (try? log.read(after: position, limit: 1))?.chunks.isEmpty ?? true,
                        (writer != nil) == (self.writer(key) != nil), await isThere(name)
                    else { return }
                }
                // The store is closed, and the next one may know more.
                _ = try? await parts.storeHandle.present(otherThan: store)
            }
            await group.next()
            group.cancelAll()
        }
    }

    /// Where a process of the service is that may still write.
    private func writer(_ key: ProcessKey) -> Processes? {
        guard let processes = parts.processesHandle.value, processes.record(key)?.output.isComplete == false else {
            return nil
        }
        return processes
    }

    /// Every piece of output from a position on, over restarts of the service, until the client has enough of it.
    @Sendable private func follow(
        _ parameters: ServiceFollowParameters,
        _ call: Call
    ) async throws -> SubscriptionProducer {
        let limits = try OutputLimits(limit: nil, tail: parameters.tail)
        let start = try position(parameters.after)
        _ = try await parts.store.read { try $0.namedService(parameters.service) }
        let log = log(of: parameters.service, parameters.stream)
        let first = try limits.tail.map { try log.read(tail: $0) }
        return { sink in
            var position = start
            do {
                var page = try first ?? log.read(after: position, limit: limits.limit)
                while true {
                    for chunk in page.chunks {
                        let piece = Self.piece(chunk)
                        let item = OutputView.item(piece, encoding: parameters.encoding)
                        try await sink.send(item, next: .string(piece.next))
                    }
                    position = page.next
                    if page.chunks.isEmpty {
                        guard await isThere(parameters.service) else {
                            return SubscriptionEnd(cause: "removed", next: .string(String(position.rawValue)))
                        }
                        await waitForOutput(of: parameters.service, in: log, at: position)
                        try Task.checkCancellation()
                    }
                    page = try log.read(after: position, limit: limits.limit)
                }
            } catch {
                return SubscriptionEnd(error, next: String(position.rawValue))
            }
        }
    }

    /// Whether there is still something to follow; where nobody can say, there is.
    private func isThere(_ name: String) async -> Bool {
        guard let store = parts.storeHandle.value else { return true }
        return (try? await store.read { try $0.service(name, includingRemoved: true) != nil }) ?? true
    }
}
