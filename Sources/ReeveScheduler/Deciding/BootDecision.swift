import ReeveProtocol
import ReeveStore

/// What a start of the host means for a task that is due by it.
enum BootDecision: Sendable, Hashable {
    /// This start has been decided already.
    case none
    /// The task was put since the host started: the next start is its first.
    case wait
    case start
    case skip(PassedSlots)

    /// - Parameters:
    ///   - decided: the boot that was decided last.
    ///   - current: the kernel's id of the present boot.
    ///   - isPutSince: whether this revision was put in the present boot.
    init(decided: String?, current: String, isPutSince: Bool, pause: Pause?, now: Timestamp) {
        guard decided != current else {
            self = .none
            return
        }
        guard !isPutSince else {
            self = .wait
            return
        }
        guard let pause, pause.until.map({ $0 > now }) ?? true else {
            self = .start
            return
        }
        self = .skip(PassedSlots(pausedBy: pause, count: 1, first: now, last: now))
    }
}

extension PassedSlots {
    init(pausedBy pause: Pause, count: Int, first: Timestamp, last: Timestamp) {
        let reason = "the task was paused \(pause.words)"
        self.init(outcome: .skipped, cause: "paused", reason: reason, count: count, first: first, last: last)
    }
}
