/// What a connection is working on. Confined to the event loop.
struct Calls {
    /// Where the answer of a call goes.
    enum Slot {
        case single(RequestID?)
        case batch(BatchAnswer, position: Int, RequestID?)

        var id: RequestID? {
            switch self {
            case .single(let id), .batch(_, _, let id): id
            }
        }
    }

    struct Running {
        let slot: Slot
        let isWait: Bool
        var task: Task<Void, Never>?
        /// What is answered in place of a failure, because the call was cancelled for that.
        var cancellation: RPCError?
    }

    private(set) var running: [UInt64: Running] = [:]
    private(set) var inFlight = 0
    private(set) var waits = 0
    private var last: UInt64 = 0

    var isEmpty: Bool { running.isEmpty }

    mutating func add(_ slot: Slot, isWait: Bool) -> UInt64 {
        last += 1
        running[last] = Running(slot: slot, isWait: isWait)
        if isWait { waits += 1 } else { inFlight += 1 }
        return last
    }

    /// Nothing happens if the call was over before its task could be told.
    mutating func setTask(_ task: Task<Void, Never>, of call: UInt64) {
        running[call]?.task = task
    }

    mutating func remove(_ call: UInt64) -> Running? {
        guard let removed = running.removeValue(forKey: call) else { return nil }
        if removed.isWait { waits -= 1 } else { inFlight -= 1 }
        return removed
    }

    /// Notes why those calls that are meant are cancelled; they go on counting until they have ended.
    ///
    /// - Returns: Their tasks, to be cancelled by the caller: a task's cancellation runs code that is not ours, which
    ///   must not happen in the middle of a change.
    mutating func noteCancellation(
        because error: RPCError?,
        where isMeant: (Running) -> Bool
    ) -> [Task<Void, Never>] {
        let meant = running.filter { isMeant($0.value) }
        for (call, entry) in meant { running[call]?.cancellation = entry.cancellation ?? error }
        return meant.values.compactMap(\.task)
    }
}

/// The answers of one batch, until all are there. Confined to the event loop.
final class BatchAnswer {
    private var texts: [[UInt8]?]
    private var missing: Int
    /// What is done once the answers are written.
    var afterwards: [() -> Void] = []

    init(count: Int) {
        texts = Array(repeating: nil, count: count)
        missing = count
    }

    /// - Parameter text: Nil for a notification.
    /// - Returns: Whether that was the last one.
    func set(_ text: [UInt8]?, at position: Int) -> Bool {
        texts[position] = text
        missing -= 1
        return missing == 0
    }

    /// The whole answer; nil if there were only notifications.
    var text: [UInt8]? {
        let answers = texts.compactMap { $0 }
        guard !answers.isEmpty else { return nil }
        return [UInt8(ascii: "[")] + answers.joined(separator: [UInt8(ascii: ",")]) + [UInt8(ascii: "]")]
    }
}
