import JSON
import ReeveProtocol
import ReeveStore

/// What an endpoint has yet to get of one lane, as far as it is in memory, and how its delivery stands.
struct LaneQueue: Sendable {
    struct Item: Sendable {
        var change: StateChange
        var weight: Int
        /// Whether it was done before, and is sent again because somebody asked.
        var isRedelivered = false

        func goes(with other: Item) -> Bool {
            isRedelivered == other.isRedelivered && change.run == other.change.run
        }
    }

    enum State: Equatable, Sendable {
        /// Nothing to do that is known of.
        case idle
        /// Something may be sent, or is to be read.
        case ready
        /// Its next changes are being read from the journal.
        case reading
        /// Its first so many changes are being sent; 0: a dead letter is tried again.
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
    /// What is sent again after a replay of this lane.
    var replay: Replay?
    /// The last change of each submission of the parcel that is being tried: another try is cut at the same places.
    var cuts: [Int64] = []
    /// The parcel that is being tried.
    var parcel: Int?
    /// Events that a request with this lane may have, since one with more was refused.
    var batchLimit: Int?
    /// Dead letters that somebody wants to be tried again: they go before what is new.
    var retries: ArraySlice<WantedLetter> = []
    /// What is held up to here is given up, because somebody said so.
    var dropThrough: Int64?
    /// The time has come to send step changes by themselves.
    var isDrainDue = false
    /// When the present request was made.
    var sentAt = Duration.zero
    /// Requests for the present submission.
    var attempts = 0
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

    var isSending: Bool {
        if case .sending = state { return true }
        return false
    }

    /// Something is wanted of its dead letters.
    var isWanted: Bool { !retries.isEmpty || dropThrough != nil }

    /// Nothing of it has to be remembered.
    var isIdle: Bool { state == .idle && items.isEmpty && !isWanted && !isDetached }

    /// What is to be sent now, as the number of changes of each submission; empty if there is nothing to be sent yet.
    func submissions(_ limits: SubmitterLimits, atMost most: Int, bytes: Int) -> [Int] {
        guard cuts.isEmpty else { return cutAgain() }
        var counts: [Int] = []
        var (start, weight) = (items.startIndex, 0)
        while counts.count < most, let count = submission(from: start, limits) {
            weight += items[start..<start + count].reduce(0) { $0 + $1.weight }
            if !counts.isEmpty, weight > bytes { break }
            counts.append(count)
            start += count
        }
        return counts
    }

    /// The changes that are told as one event: those of one run, up to the first that is no mere step's, or to a size, or,
    /// when the drain is due, to the last; `nil` if step changes should gather longer.
    private func submission(from start: Int, _ limits: SubmitterLimits) -> Int? {
        var (count, bytes) = (0, 0)
        for item in items[start...] {
            if count > 0, !item.goes(with: items[start]) { return count }
            count += 1
            bytes += item.weight
            if !item.change.isProgress || count >= limits.submission || bytes >= limits.submissionBytes { return count }
        }
        return count > 0 && isDrainDue ? count : nil
    }

    /// The same as at the first try, but for what a filter that changed meanwhile has taken.
    private func cutAgain() -> [Int] {
        // Of a lane that is read by pieces the rest may be in the next one.
        guard let last = cuts.last, !isDetached || readThrough >= last else { return [] }
        var (counts, rest) = ([Int](), items)
        for cut in cuts {
            let count = rest.prefix { $0.change.sequence <= cut }.count
            rest = rest.dropFirst(count)
            if count > 0 { counts.append(count) }
        }
        return counts
    }

    /// What was being sent is done; answers its changes.
    mutating func finishSubmissions() -> [Item] {
        guard case .sending(let count) = state else { return [] }
        let finished = Array(items.prefix(count))
        removeFirst(count)
        state = .idle
        return finished
    }

    /// What somebody wants dropped goes; answers the changes that were in memory.
    mutating func drop() -> [Item] {
        guard let last = dropThrough else { return [] }
        let dropped = Array(items.prefix { $0.change.sequence <= last })
        removeFirst(dropped.count)
        // Not all of them need have been in memory: of a detached lane, or since the wish was known before they were read.
        done = max(done, last)
        readThrough = max(readThrough, done)
        dropThrough = nil
        return dropped
    }

    private mutating func removeFirst(_ count: Int) {
        done = count > 0 ? items[items.startIndex + count - 1].change.sequence : done
        items.removeFirst(count)
        if items.isEmpty { items = [] }
        readThrough = max(readThrough, done)
        cuts = []
        parcel = nil
        isDrainDue = false
        attempts = 0
        failures = 0
        refusals = 0
    }

    /// Forgets all changes that are not being sent: they are read again.
    mutating func unload() {
        var kept = 0
        if case .sending(let count) = state { kept = count }
        items = ArraySlice(items.prefix(kept))
        readThrough = items.last?.change.sequence ?? done
    }
}

extension StateChange {
    /// The id of the run that it is of.
    var run: String? { content.data?["run"]?.string }
}

extension LaneQueue {
    /// Whether a change of this lane was done before a replay that did not ask for it.
    func skips(_ sequence: Int64) -> Bool { replay?.skips(sequence) ?? false }
}
