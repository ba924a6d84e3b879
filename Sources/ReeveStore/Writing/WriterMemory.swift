import ReeveProtocol

/// What the writer knows beside the database. It changes with the transaction and is rolled back with it.
struct WriterMemory {
    var ids = UUIDv7Generator()
    var lanes = LaneHeads()
    /// What the listeners are told after the commit.
    var topics: Set<Signals.Topic> = []
    /// The number of the last change, committed or not.
    var head: Int64 = 0

    /// The pages of the database in use, as they were committed last, and the bytes of each.
    var usedPages = 0
    var pageSize = 0

    private(set) var commits = Commits()

    struct Commits {
        var writes = 0
        var transactions = 0
    }

    struct Mark {
        fileprivate var lanes: Int
        fileprivate var topics: Set<Signals.Topic>
        fileprivate var head: Int64
    }

    var extent: Signals.Extent { Signals.Extent(head: head, used: usedPages * pageSize) }

    var mark: Mark { Mark(lanes: lanes.mark, topics: topics, head: head) }

    mutating func rollBack(to mark: Mark) {
        lanes.rollBack(to: mark.lanes)
        topics = mark.topics
        head = mark.head
    }

    /// Answers what the listeners are to be told.
    mutating func commit(writes: Int, usedPages: Int) -> (topics: Set<Signals.Topic>, extent: Signals.Extent) {
        lanes.commit()
        self.usedPages = usedPages
        commits.writes += writes
        commits.transactions += 1
        defer { topics = [] }
        return (topics, extent)
    }
}
