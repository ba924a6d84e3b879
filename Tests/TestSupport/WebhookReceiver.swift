import Glibc
import NIOConcurrencyHelpers
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL

/// An HTTP server on 127.0.0.1 that takes what is posted to it, remembers all of it, and answers as a test decides.
///
/// It can be away and come back on the same port. What it saw is checked by ``Check``.
package final class WebhookReceiver: Sendable {
    /// Decides the answer to one request. It may suspend for as long as it likes; it is cancelled at the end.
    package typealias Decision = @Sendable (Request) async -> Answer

    typealias Connection = NIOAsyncChannel<HTTPServerRequestPart, HTTPServerResponsePart>
    /// Hands out plain channels: one that comes while the listener closes is then dropped without harm.
    typealias Listener = NIOAsyncChannel<any Channel, Never>

    private struct State {
        var port: Int
        var decide: Decision
        var isAway = true
        var listener: (any Channel)?
        var connections: [ObjectIdentifier: any Channel] = [:]
        var connectionsToCut = 0
        var records: [Record] = []
        /// That of the first of them.
        var firstNumber = 0
        var clock = 0
    }

    private let state: NIOLockedValueBox<State>
    private let socketPath: String?
    private let tls: NIOSSLContext?
    private let listeners: AsyncStream<Listener>
    private let newListener: AsyncStream<Listener>.Continuation
    private let newRequest: AsyncStream<Request>.Continuation

    /// Every request in the order of arrival, as soon as it has been read and before it is answered. For one reader.
    package let requests: AsyncStream<Request>

    private init(port: Int, socketPath: String?, tls: TLS?, decide: @escaping Decision) throws {
        self.socketPath = socketPath
        self.tls = try tls?.context()
        state = NIOLockedValueBox(State(port: port, decide: decide))
        (listeners, newListener) = AsyncStream.makeStream()
        (requests, newRequest) = AsyncStream.makeStream()
    }

    /// Runs a receiver for as long as `body` runs. Port 0 takes a free one.
    /// - Parameters:
    ///   - socketPath: A Unix socket to listen on in the place of a port.
    ///   - tls: Nothing but TLS is spoken then.
    package static func running<Result: Sendable>(
        port: Int = 0,
        socketPath: String? = nil,
        tls: TLS? = nil,
        decide: @escaping Decision = { _ in .ok },
        _ body: (WebhookReceiver) async throws -> Result
    ) async throws -> Result {
        let receiver = try WebhookReceiver(port: port, socketPath: socketPath, tls: tls, decide: decide)
        async let serving: Void = receiver.serve()
        let result: Swift.Result<Result, any Error>
        do {
            try await receiver.comeBack()
            result = .success(try await body(receiver))
        } catch {
            result = .failure(error)
        }
        await receiver.goAway()
        receiver.newListener.finish()
        receiver.newRequest.finish()
        await serving
        return try result.get()
    }

    package var port: Int { state.withLockedValue { $0.port } }

    package var url: String {
        guard tls == nil else { return "https://localhost:\(port)/hook" }
        guard let socketPath else { return "http://127.0.0.1:\(port)/hook" }
        return "http+unix://\(socketPath.split(separator: "/").map { "%2F\($0)" }.joined())/hook"
    }

    /// Everything that arrived until now, with what was answered.
    package var records: [Record] { state.withLockedValue { $0.records } }

    /// Hands over the first of the records, up to one of which nothing is decided yet, and keeps them no longer.
    package func takeEnded() -> [Record] {
        state.withLockedValue { state in
            let ended = Array(state.records.prefix(while: \.isEnded))
            state.records.removeFirst(ended.count)
            state.firstNumber += ended.count
            return ended
        }
    }

    /// From now on requests are answered so.
    package func answer(_ decide: @escaping Decision) {
        state.withLockedValue { $0.decide = decide }
    }

    /// The next `count` connections are closed as soon as they are accepted, before anything is read.
    package func cutConnections(_ count: Int) {
        state.withLockedValue { $0.connectionsToCut = count }
    }

    /// Stops listening and closes every connection: from now on connections are refused.
    package func goAway() async {
        let (listener, connections) = state.withLockedValue { state in
            defer {
                state.isAway = true
                state.listener = nil
                state.connections = [:]
            }
            return (state.listener, Array(state.connections.values))
        }
        if let listener, let socketPath {
            unlink(socketPath)
            try? await listener.close()
        } else if let listener {
            // A child that is just being started holds a copy: a close alone would leave that listening, for a moment.
            try? await listener.eventLoop.submit {
                try listener.pipeline.syncOperations.withUnsafeTransportIfAvailable(of: NIOBSDSocket.Handle.self) {
                    _ = shutdown($0, Int32(SHUT_RDWR))
                }
            }.get()
            try? await listener.close()
        }
        for connection in connections {
            // Already closed by the other side is as good.
            try? await connection.close()
        }
    }

    /// Listens again on the same port.
    package func comeBack() async throws {
        let listener = try await listener(tries: 100)
        state.withLockedValue { state in
            state.port = listener.channel.localAddress?.port ?? state.port
            state.listener = listener.channel
            state.isAway = false
        }
        newListener.yield(listener)
    }

    /// A first port is taken from below those that the kernel gives to connections: while the receiver is away nobody else
    /// is to come to have it.
    private func listener(tries: Int) async throws -> Listener {
        if let socketPath {
            return try await bootstrap.bind(unixDomainSocketPath: socketPath, cleanupExistingSocketFile: true) {
                channel in
                channel.eventLoop.makeCompletedFuture { self.accepted(channel) }
            }
        }
        guard port == 0 else { return try await listener(on: port) }
        do {
            return try await listener(on: Int.random(in: 10_240..<32_768))
        } catch let error as IOError where error.errnoCode == EADDRINUSE && tries > 1 {
            return try await listener(tries: tries - 1)
        }
    }

    private func listener(on port: Int) async throws -> Listener {
        try await bootstrap.serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .bind(host: "127.0.0.1", port: port) { channel in
                channel.eventLoop.makeCompletedFuture { self.accepted(channel) }
            }
    }

    private var bootstrap: ServerBootstrap {
        ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .serverChannelOption(.backlog, value: 256)
            // Nothing is read before somebody is there to take it.
            .childChannelOption(.autoRead, value: false)
    }
}

extension WebhookReceiver {
    private func serve() async {
        await withDiscardingTaskGroup { group in
            for await listener in listeners {
                group.addTask { await self.accept(from: listener) }
            }
            group.cancelAll()
        }
    }

    /// Keeps the channel, so that it is closed in any case; one that is not wanted is closed at once.
    private func accepted(_ channel: any Channel) -> any Channel {
        let isWelcome = state.withLockedValue { state in
            guard !state.isAway else { return false }
            guard state.connectionsToCut == 0 else {
                state.connectionsToCut -= 1
                return false
            }
            state.connections[ObjectIdentifier(channel)] = channel
            return true
        }
        if !isWelcome { channel.close(promise: nil) }
        return channel
    }

    private func accept(from listener: Listener) async {
        await withDiscardingTaskGroup { group in
            // A listener ends by being closed, which may show as an error.
            try? await listener.executeThenClose { channels in
                for try await channel in channels {
                    group.addTask { await self.converse(over: channel) }
                }
            }
        }
    }

    private func converse(over channel: any Channel) async {
        do {
            if let tls {
                try await converse(over: channel, tls)
            } else {
                try await converse(over: prepare(channel))
            }
        } catch {
            // A connection that breaks ends here and nowhere else.
            channel.close(promise: nil)
        }
        state.withLockedValue { $0.connections[ObjectIdentifier(channel)] = nil }
    }

    func converse(over connection: Connection) async throws {
        try await connection.executeThenClose { inbound, outbound in
            try await connection.channel.setOption(.autoRead, value: true).get()
            try await answerRequests(inbound, outbound, isOpen: { connection.channel.isActive })
        }
    }

    private func prepare(_ channel: any Channel) async throws -> Connection {
        try await channel.eventLoop.submit {
            try channel.pipeline.syncOperations.configureHTTPServerPipeline(withPipeliningAssistance: false)
            return try Connection(wrappingChannelSynchronously: channel)
        }.get()
    }

    private func answerRequests(
        _ inbound: NIOAsyncChannelInboundStream<HTTPServerRequestPart>,
        _ outbound: NIOAsyncChannelOutboundWriter<HTTPServerResponsePart>,
        isOpen: () -> Bool
    ) async throws {
        var head: HTTPRequestHead?
        var body: [UInt8] = []
        for try await part in inbound {
            switch part {
            case .head(let received): (head, body) = (received, [])
            case .body(let bytes): body += bytes.readableBytesView
            case .end:
                guard let complete = head else { continue }
                let (request, decide) = arrived(complete, body)
                defer { ended(request) }
                let answer = await decide(request)
                // Who has gone meanwhile was not answered.
                guard isOpen() else { return }
                guard try await write(answer, to: request, outbound) else { return }
            }
        }
    }

    private func arrived(_ head: HTTPRequestHead, _ body: [UInt8]) -> (Request, Decision) {
        let (request, decide) = state.withLockedValue { state in
            let request = Request(
                number: state.firstNumber + state.records.count,
                version: head.version.major,
                method: head.method.rawValue,
                target: head.uri,
                headers: head.headers.map { Header(name: $0.name, value: $0.value) },
                body: body
            )
            state.clock += 1
            state.records.append(Record(request: request, arrivedAt: state.clock))
            return (request, state.decide)
        }
        newRequest.yield(request)
        return (request, decide)
    }

    /// Noted before the answer leaves: whatever arrives later was sent by somebody who may have seen it.
    func answered(_ request: Request, _ status: Int) {
        state.withLockedValue { state in
            let index = request.number - state.firstNumber
            state.clock += 1
            state.records[index].answeredAt = state.clock
            state.records[index].status = status
        }
    }

    private func ended(_ request: Request) {
        state.withLockedValue { $0.records[request.number - $0.firstNumber].isEnded = true }
    }
}
