import JSON
import NIOCore

/// Cuts what the server sends into messages for the client. Confined to the event loop.
final class ClientHandler: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let client: RPCClient
    private let limits: RPCLimits
    private var reader: FrameReader
    private var wantsRead = false

    init(client: RPCClient, limits: RPCLimits) {
        self.client = client
        self.limits = limits
        reader = FrameReader(limits: limits)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        reader.append(unwrapInboundIn(data))
        do throws(RPCError) {
            while let message = try reader.next() { try receive(message) }
        } catch {
            client.fail(RPCClientError.notUnderstood(error.description))
            context.close(promise: nil)
        }
    }

    private func receive(_ message: ByteBuffer) throws(RPCError) {
        let result = message.withUnsafeReadableBytes { bytes in
            Result { () throws(JSONSyntaxError) in try JSON(parsing: bytes, maximumDepth: limits.depth) }
        }
        client.received(try result.mapError { RPCError($0, limits: limits) }.get())
    }

    func read(context: ChannelHandlerContext) {
        if client.mayRead { context.read() } else { wantsRead = true }
    }

    /// The client has room again.
    func goOn(context: ChannelHandlerContext) {
        guard wantsRead else { return }
        wantsRead = false
        context.read()
    }

    func triggerUserOutboundEvent(context: ChannelHandlerContext, event: Any, promise: EventLoopPromise<Void>?) {
        if event is MayReadAgain {
            goOn(context: context)
            promise?.succeed()
        } else {
            context.triggerUserOutboundEvent(event, promise: promise)
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        client.fail(RPCClientError.closed)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }
}

/// Tells the handler that elements were taken.
struct MayReadAgain: Sendable {}
