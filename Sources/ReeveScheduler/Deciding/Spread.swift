import ReeveProtocol

/// By how much a task's starts are put off, so that not all hosts and tasks start in the same second.
///
/// It is a hash of the agent's and the task's id, and of the slot where each is to have another: nothing of it is stored.
struct Spread: Sendable, Hashable {
    /// The longest delay.
    let window: Interval
    private let isRandom: Bool
    private let hash: UInt64

    init(_ jitter: JitterDefinition?, agentID: String, task: String) {
        window = jitter?.maximum ?? .zero
        isRandom = jitter?.random ?? false
        var hash: UInt64 = 14_695_981_039_346_656_037
        for byte in agentID.utf8 { hash = (hash ^ UInt64(byte)) &* 1_099_511_628_211 }
        hash = (hash ^ 0xFF) &* 1_099_511_628_211
        for byte in task.utf8 { hash = (hash ^ UInt64(byte)) &* 1_099_511_628_211 }
        self.hash = Self.mixed(hash)
    }

    /// The low bits of a hash follow the last letters; mixing makes all bits count.
    private static func mixed(_ hash: UInt64) -> UInt64 {
        var hash = (hash ^ hash >> 30) &* 0xBF58_476D_1CE4_E5B9
        hash = (hash ^ hash >> 27) &* 0x94D0_49BB_1331_11EB
        return hash ^ hash >> 31
    }

    /// The delay of a slot after which the next comes in `period`: never negative, and shorter than both.
    func delay(of due: Timestamp, period: Interval?) -> Interval {
        let longest = min(window, period ?? window)
        guard longest > .zero else { return .zero }
        let hash = isRandom ? Self.mixed(hash ^ UInt64(bitPattern: due.milliseconds)) : hash
        return Interval(milliseconds: Int64(hash.multipliedFullWidth(by: UInt64(longest.milliseconds)).high))
    }
}
