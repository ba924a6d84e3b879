import Glibc
package import JSON
import NIOConcurrencyHelpers
package import NIOCore
import NIOPosix

/// A client of a JSON-RPC 2.0 server. Calls may be made from any number of tasks at once: each sends its request
/// right away, and the answers are told apart by their ids.
package final class RPCClient: Sendable {
    /// A notification that belongs to no subscription.
    package struct Notification: Sendable {
        package let method: String
        package let params: JSON
    }

    /// All notifications that belong to no subscription; for one iteration. The last hundred are kept.
    package let notifications: AsyncStream<Notification>

    private let notified: AsyncStream<Notification>.Continuation
    private let state = NIOLockedValueBox(ClientState())
    private let channel = NIOLockedValueBox<(any Channel)?>(nil)

    private init() {
        (notifications, notified) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(100))
    }

    /// Connects to a Unix socket.
    ///
    /// - Parameters:
    ///   - group: Where the connection is served; the caller's, which the client does not shut down.
    ///   - limits: What the server may send: only `messageBytes` and `depth` count.
    package static func connect(
        unixSocket path: String,
        group: any EventLoopGroup = .singletonMultiThreadedEventLoopGroup,
        limits: RPCLimits = .ofClient
    ) async throws(RPCClientError) -> RPCClient {
        let client = RPCClient()
        let bootstrap = ClientBootstrap(group: group).channelInitializer { channel in
            channel.eventLoop.makeCompletedFuture {
                try channel.pipeline.syncOperations.addHandler(ClientHandler(client: client, limits: limits))
            }
        }
        do {
            let channel = try await bootstrap.connect(unixDomainSocketPath: path).get()
            client.channel.withLockedValue { $0 = channel }
        } catch let error as IOError {
            throw .connect(path: path, errno: error.errnoCode)
        } catch is SocketAddressError {
            throw .connect(path: path, errno: ENAMETOOLONG)
        } catch {
            throw .connect(path: path, errno: ETIMEDOUT)
        }
        return client
    }

    /// Calls a method and waits for its answer.
    ///
    /// On cancellation the server is told so (`$/cancelRequest`), and nothing more is waited for.
    /// - Throws: `RPCError` if the server answered one, `RPCClientError`, `CancellationError`.
    package func call(_ method: String, _ params: JSON? = nil) async throws -> JSON {
        try await call(method, params, stream: nil)
    }

    /// Calls a method that opens a subscription.
    package func subscribe(_ method: String, _ params: JSON? = nil) async throws -> ClientSubscription {
        let (stream, continuation) = AsyncThrowingStream.makeStream(of: ClientSubscription.Element.self)
        let answer = try await call(method, params, stream: continuation)
        guard let id = answer["subscription"]?.string else {
            throw RPCClientError.notUnderstood("\(method) did not answer a subscription but \(answer.text)")
        }
        continuation.onTermination = { [weak self] _ in
            guard let self, state.withLockedValue({ $0.removeStream(id) }) else { return }
            notify("subscription.cancel", ["subscription": .string(id)])
        }
        return ClientSubscription(answer: answer, stream: stream) { [weak self] in self?.taken() }
    }

    /// Sends a notification. Whether it arrives is not known.
    package func notify(_ method: String, _ params: JSON? = nil) {
        send(method, params, id: nil)
    }

    /// Ends the connection; calls that wait throw `RPCClientError.closed`.
    package func close() async {
        fail(RPCClientError.closed)
        try? await channel.withLockedValue { $0 }?.close()  // an error: it is closed
    }
}

extension RPCClient {
    private func call(_ method: String, _ params: JSON?, stream: ClientState.Stream?) async throws -> JSON {
        let id = state.withLockedValue { $0.nextID() }
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let failure = state.withLockedValue { state -> (any Error)? in
                    if Task.isCancelled { return CancellationError() }
                    if let failure = state.failure { return failure }
                    state.add(id, ClientState.Pending(continuation: continuation, stream: stream))
                    return nil
                }
                if let failure { return continuation.resume(throwing: failure) }
                send(method, params, id: id)
            }
        } onCancel: {
            guard let call = state.withLockedValue({ $0.remove(id) }) else { return }
            notify("$/cancelRequest", ["id": .number(String(id))])
            call.continuation.resume(throwing: CancellationError())
        }
    }

    private func send(_ method: String, _ params: JSON?, id: Int?) {
        guard let channel = channel.withLockedValue({ $0 }) else { return }
        var request: JSONObject = ["jsonrpc": "2.0"]
        if let id { request.members.append(JSONObject.Member(name: "id", value: .number(String(id)))) }
        request.members.append(JSONObject.Member(name: "method", value: .string(method)))
        if let params { request.members.append(JSONObject.Member(name: "params", value: params)) }
        var bytes: [UInt8] = []
        request.write(into: &bytes)
        bytes.append(UInt8(ascii: "\n"))
        channel.writeAndFlush(channel.allocator.buffer(bytes: bytes), promise: nil)
    }

    var mayRead: Bool { state.withLockedValue { $0.mayRead } }

    private func taken() {
        guard state.withLockedValue({ $0.taken() }) else { return }
        channel.withLockedValue { $0 }?.triggerUserOutboundEvent(MayReadAgain(), promise: nil)
    }

    func received(_ message: JSON) {
        switch state.withLockedValue({ $0.received(message) }) {
        case .answer(let continuation, let result): continuation.resume(with: result)
        case .element(let stream, let element, let isLast):
            stream.yield(element)
            if isLast { stream.finish() }
        case .failure(let error): fail(error)
        case .other(let method, let params): notified.yield(Notification(method: method, params: params))
        case .nothing: break
        }
    }

    func fail(_ error: any Error) {
        let (calls, streams) = state.withLockedValue { $0.fail(error) }
        for call in calls {
            call.continuation.resume(throwing: error)
            call.stream?.finish(throwing: error)
        }
        for stream in streams { stream.finish(throwing: error) }
        notified.finish()
    }
}

extension RPCLimits {
    /// For what servers send, which may be larger than what clients do.
    package static var ofClient: RPCLimits {
        var limits = RPCLimits()
        limits.messageBytes = 256 << 20
        limits.depth = 256
        return limits
    }
}
