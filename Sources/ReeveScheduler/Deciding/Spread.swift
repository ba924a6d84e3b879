import ReeveProtocol

/// By how much a task's starts are put off, so that not all hosts and tasks start in the same second.
///
/// It hangs on the agent's and the task's id, and on the slot where each is to have another: nothing of it is stored.
struct Spread: Sendable, Hashable {
    /// The longest delay.
    let window: Interval
    private let isRandom: Bool
    private let hash: TaskHash

    init(_ jitter: JitterDefinition?, agentID: String, task: String) {
        window = jitter?.maximum ?? .zero
        isRandom = jitter?.random ?? false
        hash = TaskHash(host: agentID, task: task)
    }

    /// The delay of a slot after which the next comes in `period`: never negative, and shorter than both.
    func delay(of due: Timestamp, period: Interval?) -> Interval {
        let longest = min(window, period ?? window)
        guard longest > .zero else { return .zero }
        let hash = isRandom ? hash.with(due.milliseconds) : hash
        return Interval(milliseconds: Int64(hash.number(below: UInt64(longest.milliseconds))))
    }
}
