import NIOCore

/// Which worker does what waits: first come, first served.
///
/// There are as many workers as the host has processors, for a job should not wait for anything but those. One that does
/// so all the same, in a call that blocks, holds up the others: where jobs wait and none has begun for a while, there is
/// another worker until as many as usual have nothing to do.
struct Roster<Job, Worker> {
    enum Addition {
        /// It is to ask for its next job.
        case wake(Worker)
        /// All are busy, and ``look()`` is to be called before long.
        case watch
        case none
    }

    enum Next {
        case job(Job)
        /// Until it is woken.
        case wait
        /// The worker is one too many.
        case end
    }

    enum Look {
        /// Nothing waits any more.
        case rest
        case again
        /// Another worker is to begin; and again.
        case grow
    }

    private let usual: Int
    private let most: Int
    private var jobs = CircularBuffer<Job>()
    /// The one that was busy last is woken first: what it needs is still near its processor.
    private var idle: [Worker] = []
    private(set) var workers: Int
    /// Counts the jobs that have begun.
    private var begun = 0
    /// How many had begun at the last look; `nil`: nobody looks.
    private var begunAtLook: Int?

    /// - Parameters:
    ///   - usual: How many workers there are, each of which asks for its first job.
    ///   - most: How many there may be.
    init(usual: Int, most: Int) {
        self.usual = usual
        self.most = most
        workers = usual
    }

    mutating func add(_ job: Job) -> Addition {
        jobs.append(job)
        if let worker = idle.popLast() { return .wake(worker) }
        guard begunAtLook == nil else { return .none }
        begunAtLook = begun
        return .watch
    }

    mutating func next(for worker: Worker) -> Next {
        if let job = jobs.popFirst() {
            begun &+= 1
            return .job(job)
        }
        // Not by how many there are: the usual ones may be blocked still.
        guard idle.count < usual else {
            workers -= 1
            return .end
        }
        idle.append(worker)
        return .wait
    }

    mutating func look() -> Look {
        guard !jobs.isEmpty else {
            begunAtLook = nil
            return .rest
        }
        defer { begunAtLook = begun }
        guard begunAtLook == begun, workers < most else { return .again }
        workers += 1
        return .grow
    }

    /// The worker that was to begin has not.
    mutating func couldNotGrow() {
        workers -= 1
    }
}

extension Roster: Sendable where Job: Sendable, Worker: Sendable {}
