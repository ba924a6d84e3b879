import Glibc
import JSON
import NIOCore
import NIOPosix
import Testing

@testable import JSONRPC

/// A server on a Unix socket in a folder of its own. The socket belongs to the fixture, as it does to the agent.
final class SocketServer: Sendable {
    let path: String
    let descriptor: CInt
    private let folder: String

    init() throws {
        var template = Array("/tmp/jsonrpc-XXXXXX".utf8CString)
        folder = try #require(mkdtemp(&template).map { String(cString: $0) })
        path = folder + "/s"
        descriptor = socket(AF_UNIX, CInt(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: Array(path.utf8)) }
        let bound = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        try #require(bound == 0 && listen(descriptor, 64) == 0)
    }

    deinit {
        close(descriptor)
        unlink(path)
        rmdir(folder)
    }

    func makeServer(_ dispatcher: some Dispatcher, limits: RPCLimits = RPCLimits()) -> RPCServer {
        RPCServer(
            listeners: [RPCServer.Listener(descriptor: descriptor, name: "main")],
            group: .singletonMultiThreadedEventLoopGroup,
            dispatcher: dispatcher,
            limits: limits
        ) { descriptor, listener in
            var credentials: [UInt32] = [0, 0, 0]  // struct ucred: pid, uid, gid
            var length = socklen_t(12)
            guard getsockopt(descriptor, SOL_SOCKET, SO_PEERCRED, &credentials, &length) == 0 else { return "nobody" }
            return "\(listener), pid \(credentials[0])"
        }
    }

    /// Runs `body` with a server and stops it afterwards, which also shows that no task is left.
    func serving(
        _ dispatcher: some Dispatcher,
        limits: RPCLimits = RPCLimits(),
        _ body: (RPCServer) async throws -> Void
    ) async throws {
        let server = makeServer(dispatcher, limits: limits)
        try await server.start()
        do { try await body(server) } catch {
            await server.stop(within: .zero)
            throw error
        }
        await server.stop(within: .zero)
        #expect(server.connectionCount == 0)
    }
}

/// A client that sends and sees bytes.
final class RawClient: Sendable {
    private let channel: any Channel
    private let input: AsyncStream<ByteBuffer>

    /// - Parameter reads: False for a client that does not read until it is told to.
    init(_ path: String, reads: Bool = true) async throws {
        let (input, continuation) = AsyncStream.makeStream(of: ByteBuffer.self)
        self.input = input
        channel = try await ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .channelOption(.allowRemoteHalfClosure, value: true)
            .channelOption(.autoRead, value: reads)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(Collector(continuation))
                }
            }
            .connect(unixDomainSocketPath: path).get()
    }

    private final class Collector: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        private let continuation: AsyncStream<ByteBuffer>.Continuation
        init(_ continuation: AsyncStream<ByteBuffer>.Continuation) { self.continuation = continuation }
        func channelRead(context: ChannelHandlerContext, data: NIOAny) { continuation.yield(unwrapInboundIn(data)) }
        func channelInactive(context: ChannelHandlerContext) { continuation.finish() }
        func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
        func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
            if case .inputClosed? = event as? ChannelEvent { continuation.finish() }
        }
    }

    func send(_ text: String) async throws {
        try await channel.writeAndFlush(ByteBuffer(string: text))
    }

    /// Sends without waiting until the kernel has taken it.
    func sendWithoutWaiting(_ text: String) {
        channel.writeAndFlush(ByteBuffer(string: text), promise: nil)
    }

    func halfClose() async throws { try await channel.close(mode: .output) }

    func close() async throws { try await channel.close() }

    func startReading() async throws { try await channel.setOption(.autoRead, value: true).get() }

    /// All texts until the server closes.
    func rest() async throws -> [JSON] {
        var texts: [JSON] = []
        for try await text in self.texts { texts.append(text) }
        return texts
    }

    /// The texts one by one; for one iteration.
    var texts: Texts { Texts(base: input.makeAsyncIterator()) }

    struct Texts: AsyncSequence, AsyncIteratorProtocol {
        var base: AsyncStream<ByteBuffer>.Iterator
        private var buffer = ByteBuffer()
        private var scanner = JSONScanner()

        init(base: AsyncStream<ByteBuffer>.Iterator) { self.base = base }

        func makeAsyncIterator() -> Texts { self }

        mutating func next(isolation: isolated (any Actor)? = #isolation) async throws -> JSON? {
            while true {
                while buffer.readableBytesView.first == UInt8(ascii: "\n") { buffer.moveReaderIndex(forwardBy: 1) }
                let end = try buffer.withUnsafeReadableBytes {
                    try scanner.scan(UnsafeRawBufferPointer(rebasing: $0[scanner.length...]))
                }
                if end != nil, let text = buffer.readString(length: scanner.length) {
                    scanner.reset()
                    return try JSON(parsing: text)
                }
                guard var more = await base.next(isolation: isolation) else { return nil }
                buffer.writeBuffer(&more)
            }
        }
    }
}

/// Methods that a test holds back and lets go, and what it sees of them.
actor Gate {
    /// What the methods did: `started a`, `ended a`, `cancelled a`.
    nonisolated let events: AsyncStream<String>
    private let seen: AsyncStream<String>.Continuation
    private var held: [String: AsyncStream<Void>.Continuation] = [:]

    init() { (events, seen) = AsyncStream.makeStream() }

    func hold(_ name: String) async throws {
        let (stream, continuation) = AsyncStream.makeStream(of: Void.self)
        held[name] = continuation
        seen.yield("started \(name)")
        for await _ in stream {}
        held[name] = nil
        seen.yield(Task.isCancelled ? "cancelled \(name)" : "ended \(name)")
        try Task.checkCancellation()
    }

    nonisolated func tell(_ event: String) { seen.yield(event) }

    func release(_ name: String) { held[name]?.finish() }

    /// Waits for the next `count` events, which may come in any order.
    nonisolated func next(_ count: Int) async -> Set<String> {
        var events: Set<String> = []
        for await event in self.events {
            events.insert(event)
            if events.count == count { break }
        }
        return events
    }

    /// `hold {name}` counts as in flight, `wait {name}` as a wait.
    nonisolated var methods: [Method] {
        let body: @Sendable (Request) async throws -> RPCResult = { request in
            let name = request.params["name"]?.string ?? ""
            try await self.hold(name)
            return .json(.string(name))
        }
        return [
            Method("hold", parameters: ["name"], kind: .asynchronous(body)),
            Method("wait", parameters: ["name"], kind: .waiting(body)),
        ]
    }

    nonisolated var dispatcher: SmallMethods {
        var dispatcher = SmallMethods()
        for method in methods { dispatcher.methods[method.name] = method }
        return dispatcher
    }
}
