import JSON

extension Incoming {
    /// Hands what a message holds to the handler.
    func dispatch(by handler: ServerHandler) {
        switch self {
        case .single(let message): handler.dispatch(message) { .single($0) }
        case .batch(let messages): handler.batch = (messages, 0, BatchAnswer(count: messages.count))
        case .oversizedBatch:
            let error = RPCError.limit(
                "a batch of more than \(handler.limits.batch) requests",
                hint: "raise limits.batch, or send several batches"
            )
            handler.answer(.single(.null), .failure(error))
        }
    }
}

extension ServerHandler {
    /// Takes on the next request of a batch, if one is being worked off.
    func dispatchNextOfBatch() -> Bool {
        guard let (messages, position, answer) = batch else { return false }
        batch?.next += 1
        if position + 1 == messages.count { batch = nil }
        dispatch(messages[position]) { .batch(answer, position: position, $0) }
        return true
    }

    /// Answers the requests of a batch that were not taken on, so that the others get their answers.
    func refuseRestOfBatch(_ error: RPCError) {
        guard let (messages, next, answer) = batch else { return }
        batch = nil
        for (position, message) in messages.enumerated().dropFirst(next) {
            let id: RequestID? =
                switch message {
                case .call(let call): call.id
                case .invalid(let id, _): id
                case .answer: nil
                }
            self.answer(.batch(answer, position: position, id), .failure(error))
        }
    }

    func dispatch(_ message: Message, slot: (RequestID?) -> Calls.Slot) {
        switch message {
        case .call(let call): dispatch(call, slot: slot(call.id))
        case .invalid(let id, let error): answer(slot(id), .failure(error))
        case .answer: answer(slot(nil), .success(.json(.null)))
        }
    }

    private func dispatch(_ call: Call, slot: Calls.Slot) {
        if call.method == "$/cancelRequest" { return cancelRequest(call, slot: slot) }
        guard let method = dispatcher.method(named: call.method) else {
            return answer(slot, .failure(dispatcher.unknown(call.method)))
        }
        do {
            let params = try call.named(by: method.parameters)
            let request = Request(params: params, connection: connection, isNotification: call.id == nil)
            switch method.kind {
            case .immediate(let body): answer(slot, .success(try body(request)))
            case .asynchronous(let body): start(body, request, slot: slot, isWait: false)
            case .waiting(let body):
                guard mayWait else { return answer(slot, .failure(tooManyWaits)) }
                start(body, request, slot: slot, isWait: true)
            }
        } catch {
            answer(slot, .failure(dispatcher.failure(error)))
        }
    }

    private var mayWait: Bool { calls.waits + subscriptions.open.count < limits.waits }

    private static let noSubscriptions = RPCError(
        code: -32600,
        message: "Invalid Request",
        kind: "invalidRequest",
        details: [
            "reason": "there are no subscriptions over HTTP",
            "hint": "wait for what comes: event.list, run.output and service.logs take wait, a duration",
        ]
    )

    private var tooManyWaits: RPCError {
        .limit(
            "more than \(limits.waits) waits and subscriptions on one connection",
            hint: "cancel some, or open another connection"
        )
    }

    private func start(
        _ body: @escaping @Sendable (Request) async throws -> RPCResult,
        _ request: Request,
        slot: Calls.Slot,
        isWait: Bool
    ) {
        let call = calls.add(slot, isWait: isWait)
        let connection = connection
        // The connection owns the task: it cancels it when the client goes, and the server's stop awaits its end.
        let task = Task.immediate {
            do {
                connection.deliver(.completed(call: call, .success(try await body(request))))
            } catch {
                connection.deliver(.completed(call: call, .failure(error)))
            }
        }
        calls.setTask(task, of: call)
    }

    func completed(_ call: UInt64, _ result: Result<RPCResult, any Error>) {
        guard let running = calls.remove(call) else { return }
        switch result {
        case .success(let result): answer(running.slot, .success(result))
        case .failure(let error):
            answer(running.slot, .failure(running.cancellation ?? dispatcher.failure(error)))
        }
    }

    func cancelCalls(because error: RPCError?, where isMeant: (Calls.Running) -> Bool = { _ in true }) {
        for task in calls.noteCancellation(because: error, where: isMeant) { task.cancel() }
    }

    /// `$/cancelRequest {id}` cancels the call of that id; it is answered all the same. Others that do not exist
    /// (any more) are no error: the answer was on its way.
    private func cancelRequest(_ call: Call, slot: Calls.Slot) {
        if case .named(let params) = call.parameters, let id = params["id"] {
            let text = id.text
            cancelCalls(because: .canceled) { $0.slot.id?.means(id, text) ?? false }
        }
        answer(slot, .success(.json(.null)))
    }

    /// Writes the answer of a call, if anybody waits for one.
    func answer(_ slot: Calls.Slot, _ result: Result<RPCResult, RPCError>) {
        guard phase != .closed else { return }
        scratch.removeAll(keepingCapacity: true)
        var afterwards: (() -> Void)?
        if let id = slot.id { afterwards = write(result, for: id) }
        switch slot {
        case .single(nil): break
        case .single:
            append(scratch)
            afterwards?()
        case .batch(let answer, let position, let id):
            if let afterwards { answer.afterwards.append(afterwards) }
            guard answer.set(id == nil ? nil : scratch, at: position) else { break }
            if let text = answer.text { append(text) }
            answer.afterwards.forEach { $0() }
        }
        if scratch.capacity > 64 << 10 { scratch = [] }
    }

    /// - Returns: What is to be done once the answer is written.
    private func write(_ result: Result<RPCResult, RPCError>, for id: RequestID) -> (() -> Void)? {
        switch result {
        case .success(.json(let json)): AnswerText.result(json, for: id, into: &scratch)
        case .success(.bytes(let bytes)): AnswerText.result(bytes, for: id, into: &scratch)
        case .failure(let error): AnswerText.error(error, for: id, into: &scratch)
        case .success(.subscription(let producer, let members)):
            guard !speaksHTTP else {
                AnswerText.error(Self.noSubscriptions, for: id, into: &scratch)
                return nil
            }
            guard mayWait else {
                AnswerText.error(tooManyWaits, for: id, into: &scratch)
                return nil
            }
            let subscription = openSubscription()
            var object: JSONObject = ["subscription": .string(subscription)]
            object.members += members.members
            AnswerText.result(.object(object), for: id, into: &scratch)
            return { self.startSubscription(subscription, producer) }
        }
        return nil
    }
}
