import NIOCore
import NIOHTTP1

/// Looks at the first bytes of a connection, and has HTTP spoken on it if they are the beginning of a request of that.
///
/// Then it goes: what it has seen, and all that comes, is for those behind it.
final class FramingDetector: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer

    private static let verbs = ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "CONNECT"]

    private let server: ServerHandler
    private var seen = ByteBuffer()

    init(before server: ServerHandler) {
        self.server = server
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        seen.writeImmutableBuffer(unwrapInboundIn(data))
        switch Self.isHTTP(seen.readableBytesView) {
        case nil: break
        case false?: leave(context)
        case true?:
            do {
                let operations = context.pipeline.syncOperations
                try operations.configureHTTPServerPipeline(
                    position: .after(self),
                    withPipeliningAssistance: true,
                    withErrorHandling: true
                )
                try operations.addHandler(HTTPAdapter(before: server), position: .before(server))
                leave(context)
            } catch {
                context.close(promise: nil)
            }
        }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        // The beginning of something that will never be whole.
        if case .inputClosed? = event as? ChannelEvent { passOn(context) }
        context.fireUserInboundEventTriggered(event)
    }

    private func leave(_ context: ChannelHandlerContext) {
        passOn(context)
        context.pipeline.syncOperations.removeHandler(context: context, promise: nil)
    }

    private func passOn(_ context: ChannelHandlerContext) {
        guard seen.readableBytes > 0 else { return }
        let bytes = seen
        seen = ByteBuffer()
        context.fireChannelRead(wrapInboundOut(bytes))
    }

    /// `nil`: not enough of them have come.
    static func isHTTP(_ bytes: ByteBufferView) -> Bool? {
        for verb in verbs {
            let beginning = (verb + " ").utf8
            if bytes.prefix(beginning.count).elementsEqual(beginning) { return true }
            if bytes.count < beginning.count, bytes.elementsEqual(beginning.prefix(bytes.count)) { return nil }
        }
        return false
    }
}
