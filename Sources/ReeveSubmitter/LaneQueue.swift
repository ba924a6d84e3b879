import ReeveProtocol

/// What an endpoint has yet to get of one lane, as far as it is in memory, and how its delivery stands.
struct LaneQueue: Sendable {
    struct Item: Sendable {
        var change: StateChange
        var weight: Int
    }

    enum State: Equatable, Sendable {
        /// Nothing to do that is known of.
        case idle
        /// Something may be sent, or is to be read.
        case ready
        /// Its next changes are being read from the journal.
        case reading
        /// Its first so many changes are being sent.
        case sending(Int)
        /// A try failed; the next one is at that time.
        case waiting(Duration)
        /// Step changes gather until that time.
        case gathering(Duration)
        /// Refused, and kept until somebody decides.
        case held
    }

    /// Everything of the lane up to here is done.
    var done: Int64
    /// What comes after it in order; of a detached lane only its beginning, or nothing.
    var items: ArraySlice<Item> = []
    var state = State.idle
    /// A laggard: the cursor does not wait for it, it is read by itself, and its position is a row of its own.
    var isDetached = false
    /// Of a detached lane: what was read of it, kept or filtered.
    var readThrough: Int64
    /// The last change of the submission that is being tried: another try is cut at the same place.
    var cut: Int64?
    /// The time has come to send step changes by themselves.
    var isDrainDue = false
    /// When the present request was made.
    var sentAt = Duration.zero
    /// In a row, the endpoint's trouble.
    var failures = 0
    /// Of the present submission, about the event.
    var refusals = 0
    var lastAnswer: String?
    /// Says which entry of ``Deadlines`` is the present one.
    var mark = 0

    init(done: Int64) {
        self.done = done
        readThrough = done
    }

    /// How many changes are to be sent now as one submission; `nil` if step changes should gather longer.
    ///
    /// It ends with the first change that is no mere step's, at a size, or, when the drain is due, with the last.
    func submission(_ limits: SubmitterLimits) -> Int? {
        var (count, bytes) = (0, 0)
        for item in items {
            count += 1
            bytes += item.weight
            if let cut {
                // A filter that changed meanwhile may have taken the change at the cut.
                if item.change.sequence == cut { return count }
                if item.change.sequence > cut { return max(1, count - 1) }
            } else if !item.change.isProgress || count >= limits.submission || bytes >= limits.submissionBytes {
                return count
            }
        }
        // Of a lane that is read by pieces the cut may be in the next one.
        if cut != nil, isDetached { return nil }
        return count > 0 && (cut != nil || isDrainDue) ? count : nil
    }

    /// The submission that was being sent is done; answers its changes.
    mutating func finishSubmission() -> [Item] {
        guard case .sending(let count) = state else { return [] }
        let finished = Array(items.prefix(count))
        items.removeFirst(count)
        if items.isEmpty { items = [] }
        done = finished.last?.change.sequence ?? done
        readThrough = max(readThrough, done)
        cut = nil
        isDrainDue = false
        failures = 0
        refusals = 0
        state = .idle
        return finished
    }

    /// Forgets all changes that are not being sent: they are read again.
    mutating func unload() {
        var kept = 0
        if case .sending(let count) = state { kept = count }
        items = ArraySlice(items.prefix(kept))
        readThrough = items.last?.change.sequence ?? done
    }
}
