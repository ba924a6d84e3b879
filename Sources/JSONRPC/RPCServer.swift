import Glibc
import NIOConcurrencyHelpers
package import NIOCore
import NIOPosix

/// Serves JSON-RPC 2.0 on sockets that its owner listens on.
///
/// The owner makes the listening sockets and keeps them: the server works on duplicates, and when it stops the
/// sockets go on taking connections into their backlog, for the server that comes next. (They become non-blocking,
/// which a descriptor shares with its duplicates.)
package final class RPCServer: Sendable {
    /// A listening socket of the owner's.
    package struct Listener: Sendable {
        package let descriptor: CInt
        /// What `identify` is told, to know the sockets apart.
        package let name: String

        package init(descriptor: CInt, name: String = "") {
            self.descriptor = descriptor
            self.name = name
        }
    }

    /// Finds out who has connected: gets the connection's descriptor, only to ask about it, and the listener's name.
    /// What it gives becomes `Connection.peer`; if it throws, the connection is closed.
    package typealias Identify = @Sendable (_ descriptor: CInt, _ listener: String) throws -> any Sendable

    private struct State {
        var channels: [any Channel] = []
        var connections: [ObjectIdentifier: Entry] = [:]
        var isStopping = false
    }

    fileprivate struct Entry: Sendable {
        let handler: NIOLoopBound<ServerHandler>
        let finished: EventLoopFuture<Void>
    }

    private let listeners: [Listener]
    private let group: any EventLoopGroup
    private let dispatcher: any Dispatcher
    private let limits: RPCLimits
    private let identify: Identify
    private let state = NIOLockedValueBox(State())

    /// - Parameter group: The owner's; the server does not shut it down.
    package init(
        listeners: [Listener],
        group: any EventLoopGroup,
        dispatcher: any Dispatcher,
        limits: RPCLimits = RPCLimits(),
        identify: @escaping Identify = { _, _ in () }
    ) {
        self.listeners = listeners
        self.group = group
        self.dispatcher = dispatcher
        self.limits = limits
        self.identify = identify
    }

    /// Begins to accept. If it throws, nothing is accepted.
    package func start() async throws {
        do {
            for listener in listeners {
                let channel = try await bootstrap(listener).withBoundSocket(try duplicate(listener.descriptor)).get()
                state.withLockedValue { $0.channels.append(channel) }
            }
        } catch {
            await stop(within: .zero)
            throw error
        }
    }

    /// Stops accepting, has what is in flight answered, ends waits and subscriptions, and closes the connections.
    ///
    /// Returns when no task of any connection runs any more. What has not ended after `time` is cancelled and its
    /// connection closed; a method that does not heed cancellation holds this up.
    package func stop(within time: Duration) async {
        for channel in state.withLockedValue({ $0.channels }) { try? await channel.close() }  // an error: it is closed
        // What was accepted before is on its way to its event loop: let it arrive, so that none is left out.
        for loop in group.makeIterator() { try? await loop.submit {}.get() }
        let entries = state.withLockedValue { state in
            state.isStopping = true
            return Array(state.connections.values)
        }
        for entry in entries {
            entry.finished.eventLoop.execute { entry.handler.value.stop(within: TimeAmount(time)) }
        }
        for entry in entries { try? await entry.finished.get() }  // it never fails
    }

    /// Returns when a listener takes no connections any more: its socket has failed, or the server was stopped. Also when
    /// the caller's task is cancelled. To be called once the server was started.
    package func listenerClosed() async {
        let (stream, continuation) = AsyncStream<Never>.makeStream()
        for channel in state.withLockedValue({ $0.channels }) {
            channel.closeFuture.whenComplete { _ in continuation.finish() }
        }
        for await _ in stream {}
    }

    /// How many clients are connected.
    package var connectionCount: Int { state.withLockedValue { $0.connections.count } }
}

extension RPCServer {
    private func bootstrap(_ listener: Listener) -> ServerBootstrap {
        ServerBootstrap(group: group)
            .serverChannelOption(.maxMessagesPerRead, value: 16)
            .childChannelOption(.allowRemoteHalfClosure, value: true)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture { try self.accept(channel, from: listener) }
            }
    }

    private func accept(_ channel: any Channel, from listener: Listener) throws {
        let peer = try channel.pipeline.syncOperations.withUnsafeTransportIfAvailable(of: NIOBSDSocket.Handle.self) {
            try identify($0, listener.name)
        }
        try add(channel, peer: peer ?? ())
    }

    /// Serves a connection that exists, on its event loop; for channels that no listener made.
    package func add(_ channel: any Channel, peer: any Sendable) throws {
        let finished = channel.eventLoop.makePromise(of: Void.self)
        let connection = Connection(peer: peer, eventLoop: channel.eventLoop)
        let handler = ServerHandler(
            dispatcher: dispatcher,
            limits: limits,
            connection: connection,
            finished: finished
        )
        let key = ObjectIdentifier(connection)
        let entry = Entry(handler: NIOLoopBound(handler, eventLoop: channel.eventLoop), finished: finished.futureResult)
        let refusal = state.withLockedValue { state -> RPCError? in
            if state.isStopping { return .stopping }
            guard state.connections.count < limits.connections else { return tooManyConnections }
            state.connections[key] = entry
            return nil
        }
        finished.futureResult.whenComplete { _ in
            _ = self.state.withLockedValue { $0.connections.removeValue(forKey: key) }
        }
        handler.refusal = refusal
        do {
            try channel.pipeline.syncOperations.addHandlers(FramingDetector(before: handler), handler)
        } catch {
            finished.succeed()
            throw error
        }
    }

    private var tooManyConnections: RPCError {
        .limit("more than \(limits.connections) connections", hint: "close some, or raise limits.connections")
    }

    private func duplicate(_ descriptor: CInt) throws -> CInt {
        let copy = fcntl(descriptor, F_DUPFD_CLOEXEC, 0)
        guard copy >= 0 else { throw IOError(errnoCode: errno, reason: "duplicate a listening socket") }
        return copy
    }
}
