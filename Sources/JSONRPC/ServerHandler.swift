import JSON
import NIOCore

/// One client's connection in its channel: bytes in, calls to the methods, answers out.
///
/// Everything here happens on the channel's event loop. Answers are gathered and flushed once for each read. When the
/// client does not read, or has enough requests in flight, the handler stops reading: that is the back-pressure.
final class ServerHandler: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    enum Phase {
        case open
        /// Nothing more is read; what is pending is answered, then the connection closes.
        case finishing
        /// The last answers are being written.
        case closing
        case closed
    }

    let dispatcher: any Dispatcher
    let limits: RPCLimits
    let connection: Connection
    let finished: EventLoopPromise<Void>
    /// Why this connection is closed as soon as it is there.
    var refusal: RPCError?
    /// Each answer ends what was asked: nothing can be sent behind it.
    var speaksHTTP = false

    var context: ChannelHandlerContext?
    var phase = Phase.open
    var reader: FrameReader
    var answers: AnswerBuffer
    var calls = Calls()
    var subscriptions = Subscriptions()
    /// The batch that is being worked off, and how far it was.
    var batch: (messages: [Message], next: Int, answer: BatchAnswer)?
    var scratch: [UInt8] = []

    private var inputClosed = false
    private var isProcessing = false
    private var wantsRead = false
    private var messageTimer: (message: Int, timer: Scheduled<Void>)?
    private var slowReaderTimer: Scheduled<Void>?

    /// Bytes of answers that are gathered before they are flushed in the middle of the work, to see whether the client
    /// takes them.
    private static let flushBytes = 64 << 10

    init(dispatcher: any Dispatcher, limits: RPCLimits, connection: Connection, finished: EventLoopPromise<Void>) {
        self.dispatcher = dispatcher
        self.limits = limits
        self.connection = connection
        self.finished = finished
        reader = FrameReader(limits: limits)
        answers = AnswerBuffer(allocator: ByteBufferAllocator())
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        connection.attach(self)
    }

    func channelActive(context: ChannelHandlerContext) {
        guard let refusal else { return }
        refuse(refusal)
        settle()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard phase == .open else { return }
        reader.append(unwrapInboundIn(data))
        process()
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        settle()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case .inputClosed? = event as? ChannelEvent {
            inputClosed = true
            settle()
        } else {
            context.fireUserInboundEventTriggered(event)
        }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        connection.outbox.update(isWritable: context.channel.isWritable)
        watchSlowReader()
        if context.channel.isWritable, !isProcessing { resume() }
    }

    func read(context: ChannelHandlerContext) {
        if mayProceed { context.read() } else { wantsRead = true }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) {
        close()
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        close()  // a channel that never became active does not become inactive either
    }

    private func close() {
        guard phase != .closed else { return }
        phase = .closed
        messageTimer?.timer.cancel()
        slowReaderTimer?.cancel()
        batch = nil
        connection.outbox.close()
        cancelCalls(because: nil)
        dropSubscriptions()
        finishIfDone()
    }

    /// Goes on with what was left when the handler had to stop.
    private func resume() {
        process()
        settle()
    }

    /// Events from other threads, in the order in which they were added.
    func drain() {
        isProcessing = true
        for event in connection.outbox.takeEvents() { perform(event) }
        isProcessing = false
        if let context { connection.outbox.update(isWritable: context.channel.isWritable) }
        resume()
    }

    /// One event, in place.
    func handle(_ event: Outbox.Event) {
        if isProcessing { return perform(event) }
        isProcessing = true
        perform(event)
        isProcessing = false
        resume()
    }

    private func perform(_ event: Outbox.Event) {
        switch event {
        case .completed(let call, let result): completed(call, result)
        case .push(let push): send(push)
        case .produced(let id, let end): produced(id, end)
        case .endSubscription(let id, let cause): endSubscription(id, cause: cause)
        }
        finishIfDone()
    }
}

extension ServerHandler {
    /// Whether another request may be taken on.
    private var mayProceed: Bool {
        phase == .open && calls.inFlight < limits.inFlight && context?.channel.isWritable ?? false
    }

    /// Works off what has arrived, as far as it may.
    private func process() {
        guard !isProcessing else { return }
        isProcessing = true
        defer { isProcessing = false }
        while mayProceed {
            if dispatchNextOfBatch() { continue }
            do throws(RPCError) {
                guard let message = try reader.next() else { return }
                try read(message).dispatch(by: self)
            } catch {
                refuse(error)
            }
        }
    }

    private func read(_ message: ByteBuffer) throws(RPCError) -> Incoming {
        let result = message.withUnsafeReadableBytes { bytes in
            Result { () throws(JSONSyntaxError) in try MessageReader.read(bytes, limits: limits) }
        }
        return try result.mapError { RPCError($0, limits: limits) }.get()
    }

    /// After work was done: flush, ask for more, or close.
    private func settle() {
        if inputClosed, phase == .open, mayProceed {
            if reader.isInsideMessage {
                refuse(.parse("the input ends in the middle of a message"))
            } else if batch == nil {
                phase = .finishing
            }
        }
        flush()
        watchMessageTime()
        if wantsRead, mayProceed {
            wantsRead = false
            context?.read()
        }
        closeIfDone()
    }

    /// Answers what cannot be understood, and takes nothing more from this client.
    func refuse(_ error: RPCError) {
        guard phase == .open else { return }
        phase = .finishing
        batch = nil
        answer(.single(.null), .failure(error))
        cancelCalls(because: .canceled) { $0.isWait }
        endSubscriptions(cause: SubscriptionEnd.canceled)
    }

    func flush() {
        guard let context, phase != .closed, let buffer = answers.take({ reader.decideTerminator() }) else { return }
        context.writeAndFlush(wrapOutboundOut(buffer), promise: nil)
    }

    /// Appends a text to the answers, unless the client left too many of them unread.
    func append(_ text: [UInt8]) {
        guard let context, phase != .closed else { return }
        if !context.channel.isWritable {
            let unread = (try? context.channel.syncOptions?.getOption(.bufferedWritableBytes)) ?? 0
            if unread + answers.count > limits.unreadBytes { return context.close(promise: nil) }
        }
        answers.append(text, framing: reader.framing ?? .texts, terminator: reader.terminator)
        if answers.count >= Self.flushBytes { flush() }
    }
}

extension ServerHandler {
    /// Ends the connection in an orderly way: what is in flight is answered, waits and subscriptions are ended. What
    /// is not done after `time` is cut off.
    func stop(within time: TimeAmount) {
        guard phase != .closed else { return }
        if phase == .open { phase = .finishing }
        refuseRestOfBatch(.stopping)
        cancelCalls(because: .stopping) { $0.isWait }
        endSubscriptions(cause: SubscriptionEnd.stopping)
        settle()
        let timer = connection.eventLoop.assumeIsolated().scheduleTask(in: time) {
            self.cancelCalls(because: .stopping)
            self.context?.close(promise: nil)
        }
        finished.futureResult.whenComplete { _ in timer.cancel() }
    }

    /// Closes the connection once everything is answered. A client that goes on listening to a subscription after it
    /// closed its own side is let to.
    private func closeIfDone() {
        guard phase == .finishing, calls.isEmpty, subscriptions.open.isEmpty, let context else { return }
        phase = .closing
        let loop = connection.eventLoop.assumeIsolated()
        let timer = loop.scheduleTask(in: TimeAmount(limits.lingerTime)) { context.close(promise: nil) }
        context.writeAndFlush(wrapOutboundOut(ByteBuffer())).assumeIsolated().whenComplete { _ in
            timer.cancel()
            context.close(promise: nil)
        }
    }

    private func finishIfDone() {
        guard phase == .closed, calls.isEmpty, subscriptions.isEmpty else { return }
        context = nil
        connection.attach(nil)
        finished.succeed()
    }

    /// One timer for the message that has begun and not ended; none while the handler itself does not read.
    private func watchMessageTime() {
        let isAwaited = phase == .open && reader.isInsideMessage && mayProceed
        if isAwaited, messageTimer?.message == reader.messages { return }
        messageTimer?.timer.cancel()
        messageTimer = nil
        guard isAwaited else { return }
        let timer = connection.eventLoop.assumeIsolated().scheduleTask(in: TimeAmount(limits.messageTime)) {
            self.refuse(.limit("a message took longer than \(self.limits.messageTime)", hint: "send it faster"))
            self.settle()
        }
        messageTimer = (reader.messages, timer)
    }

    /// One timer while the client does not read and has subscriptions.
    func watchSlowReader() {
        slowReaderTimer?.cancel()
        slowReaderTimer = nil
        guard let context, !context.channel.isWritable, phase != .closed, !subscriptions.open.isEmpty else { return }
        let loop = connection.eventLoop.assumeIsolated()
        slowReaderTimer = loop.scheduleTask(in: TimeAmount(limits.slowReaderTime)) {
            self.endSubscriptions(cause: SubscriptionEnd.slowReader)
            self.settle()
        }
    }
}
