import JSON
import NIOCore
import NIOHTTP1

/// Between HTTP and the handler of a connection: a request's body becomes a message, the answer to it a response.
///
/// One request at a time: NIO's handler in front of it holds the next one back until this one's response is written.
final class HTTPAdapter: ChannelDuplexHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = ByteBuffer
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = HTTPServerResponsePart

    private enum State {
        case idle
        /// Its body comes.
        case reading(HTTPRequestHead, HTTPRoute)
        /// It has had its response; the rest of its body means nothing.
        case skipping
        /// The answer comes.
        case calling(HTTPRequestHead, HTTPRoute)
    }

    private let server: ServerHandler
    private var state = State.idle
    private var body = ByteBuffer()
    private var answer = ByteBuffer()
    private var lastWrite: EventLoopFuture<Void>?
    private var bodyTimer: Scheduled<Void>?

    init(before server: ServerHandler) {
        self.server = server
    }

    func handlerAdded(context: ChannelHandlerContext) {
        server.speaksHTTP = true
        // The first bytes have come. That a later head is slow costs nobody but who sends it.
        watchBody(context)
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        bodyTimer?.cancel()
    }

    // MARK: Requests

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            watchBody(context)
            begin(head, context)
        case .body(var bytes):
            guard case .reading(let head, _) = state else { return }
            guard body.readableBytes + bytes.readableBytes <= server.limits.messageBytes else {
                return refuseSize(of: head, context)
            }
            body.writeBuffer(&bytes)
        case .end:
            bodyTimer?.cancel()
            switch state {
            case .reading(let head, .call): call(head, context)
            case .reading(let head, let route): fetch(head, route, context)
            case .skipping: state = .idle
            case .idle, .calling: break
            }
        }
    }

    private func begin(_ head: HTTPRequestHead, _ context: ChannelHandlerContext) {
        let route = HTTPRoute(head.method, head.uri, pages: server.dispatcher.pages)
        state = .reading(head, route)
        body.clear()
        let length = head.headers.first(name: "content-length").flatMap { Int($0) } ?? 0
        if length > server.limits.messageBytes { refuseSize(of: head, context) }
    }

    /// The rest of it is not read: the connection ends.
    private func refuseSize(of head: HTTPRequestHead, _ context: ChannelHandlerContext) {
        let error = RPCError(messageLongerThan: server.limits.messageBytes)
        respond(to: head, .init(status: 413, error), context, goesOn: false)
        state = .skipping
    }

    private func call(_ head: HTTPRequestHead, _ context: ChannelHandlerContext) {
        let read = body.withUnsafeReadableBytes { bytes in
            Result { () throws(JSONSyntaxError) in try MessageReader.read(bytes, limits: server.limits) }
        }
        switch read {
        case .failure(let error):
            respond(to: head, .init(status: 200, RPCError(error, limits: server.limits)), context)
        case .success(.single(.invalid(.null, let error))):
            // It may be a number or a text, with which no message begins.
            respond(to: head, .init(status: 200, error), context)
        case .success(let message):
            let isAnswered = message.isAnswered
            state = .calling(head, .call)
            let message = body
            body = ByteBuffer()
            pass(message, context)
            if !isAnswered { respond(to: head, nil, context) }
        }
    }

    private func fetch(_ head: HTTPRequestHead, _ route: HTTPRoute, _ context: ChannelHandlerContext) {
        switch route {
        case .call: break
        case .page(let page):
            state = .calling(head, route)
            let request: JSON = ["jsonrpc": "2.0", "id": 0, "method": .string(page.method)]
            pass(ByteBuffer(string: request.text), context)
        case .unknown:
            let places = ([HTTPRoute.callPath] + server.dispatcher.pages.keys.sorted()).joined(separator: ", ")
            respond(to: head, .words(404, "there is nothing here of that name; there are \(places)"), context)
        case .otherVerb(let allowed):
            respond(to: head, .words(405, "this is for \(allowed)"), context, ["allow": allowed])
        }
    }

    /// The answer may come meanwhile, and then the next request.
    private func pass(_ message: ByteBuffer, _ context: ChannelHandlerContext) {
        var message = message
        // So it is answered with one newline behind.
        message.writeString("\n")
        context.fireChannelRead(wrapInboundOut(message))
        // It may have been held back, and nothing else comes now.
        context.fireChannelReadComplete()
    }

    private func watchBody(_ context: ChannelHandlerContext) {
        bodyTimer?.cancel()
        let time = server.limits.messageTime
        let loop = context.eventLoop.assumeIsolated()
        bodyTimer = loop.scheduleTask(in: TimeAmount(time)) {
            if case .reading(let head, _) = self.state {
                let error = RPCError.limit("a message took longer than \(time)", hint: "send it faster")
                self.respond(to: head, .init(status: 408, error), context, goesOn: false)
                self.state = .skipping
            } else {
                context.close(promise: nil)
            }
        }
    }

    // MARK: Answers

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        var bytes = unwrapOutboundIn(data)
        answer.writeBuffer(&bytes)
        if case .calling(let head, let route) = state, answer.readableBytesView.last == UInt8(ascii: "\n") {
            let text = answer.readableBytesView.dropLast()
            let content: HTTPPage.Content
            if case .page(let page) = route {
                content = page.content(ofAnswer: text)
            } else {
                content = .init(contentType: "application/json", body: String(decoding: text, as: UTF8.self))
            }
            respond(to: head, content, context)
        }
        guard let lastWrite else {
            promise?.succeed()
            return
        }
        lastWrite.cascade(to: promise)
    }

    /// - Parameter content: `nil`: there is none, and that is how it should be.
    private func respond(
        to request: HTTPRequestHead,
        _ content: HTTPPage.Content?,
        _ context: ChannelHandlerContext,
        _ more: [String: String] = [:],
        goesOn: Bool = true
    ) {
        state = .idle
        answer = ByteBuffer()
        let goesOn = goesOn && request.isKeepAlive
        var head = HTTPResponseHead(version: .http1_1, status: .init(statusCode: content?.status ?? 204))
        if let content {
            head.headers.add(name: "content-type", value: content.contentType)
            head.headers.add(name: "content-length", value: "\(content.body.utf8.count)")
        }
        for (name, value) in more { head.headers.add(name: name, value: value) }
        head.headers.add(name: "connection", value: goesOn ? "keep-alive" : "close")
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        if let content, request.method != .HEAD {
            context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(string: content.body)))), promise: nil)
        }
        let written = context.writeAndFlush(wrapOutboundOut(.end(nil)))
        lastWrite = written
        if !goesOn { written.assumeIsolated().whenComplete { _ in context.close(promise: nil) } }
    }
}

extension HTTPPage.Content {
    /// An error that stands for itself, as JSON-RPC has it.
    fileprivate init(status: Int, _ error: RPCError) {
        let answer: JSON = ["jsonrpc": "2.0", "id": .null, "error": error.json]
        self.init(status: status, contentType: "application/json", body: answer.text)
    }
}

extension Incoming {
    /// Whether anything is said to it: not to notifications, and not to answers.
    fileprivate var isAnswered: Bool {
        func isAnswered(_ message: Message) -> Bool {
            switch message {
            case .call(let call): call.id != nil
            case .invalid: true
            case .answer: false
            }
        }
        return switch self {
        case .single(let message): isAnswered(message)
        case .batch(let messages): messages.contains(where: isAnswered)
        case .oversizedBatch: true
        }
    }
}
