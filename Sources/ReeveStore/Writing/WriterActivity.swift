/// What the store's writer is at: it tells a slow disk from a writer that does not come to its work.
package enum WriterActivity: Sendable, Hashable {
    case idle
    /// A transaction has been under way for so long.
    case committing(for: Duration)
    /// Writes are queued and for so long nobody has begun with them.
    case waiting(for: Duration)

    /// A transaction that takes longer is worth telling.
    package static var slow: Duration { .seconds(1) }
    /// Nothing but a defect keeps writes waiting for longer: the disk is not asked before a transaction begins.
    package static var stuck: Duration { .seconds(10) }

    /// The writer does not come to its work. However slow a disk is, this is not what it looks like.
    package var isStuck: Bool {
        if case .waiting(let time) = self { time > Self.stuck } else { false }
    }

    /// What is wrong, for a person; `nil` when all is well.
    package var trouble: String? {
        switch self {
        case .committing(let time) where time > Self.slow:
            "the disk is slow: a write has taken \(time.wholeSeconds) s and is not done"
        case .waiting(let time) where time > Self.stuck:
            "the writer is stuck: for \(time.wholeSeconds) s nobody has begun with the writes that wait"
        case .idle, .committing, .waiting: nil
        }
    }
}

extension Duration {
    fileprivate var wholeSeconds: Int64 { components.seconds }
}
