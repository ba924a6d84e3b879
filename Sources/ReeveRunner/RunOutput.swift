package import ReeveProcess
package import ReeveProtocol

/// Reads the output of a run's steps, in the order in which it came.
package struct RunOutput: Sendable {
    /// One try of a step: each has a spool of its own.
    package struct Source: Sendable, Hashable, Comparable {
        var step: Int
        var attempt: Int

        package static func < (left: Source, right: Source) -> Bool {
            (left.step, left.attempt) < (right.step, right.attempt)
        }
    }

    /// How far a reader is in each of the spools. Opaque to clients.
    package struct Position: Sendable, Hashable, CustomStringConvertible {
        private(set) var places: [Source: SpoolPosition] = [:]

        package init() {}

        /// Reads what ``description`` writes.
        package init?(_ text: String) {
            for part in text.split(separator: ",", omittingEmptySubsequences: false) {
                let halves = part.split(separator: ":", omittingEmptySubsequences: false)
                guard halves.count == 2, let number = Int64(halves[1]), let place = SpoolPosition(rawValue: number)
                else {
                    return nil
                }
                let numbers = halves[0].split(separator: ".", omittingEmptySubsequences: false).map { Int($0) }
                guard (1...2).contains(numbers.count), let step = numbers[0], step >= 0,
                    let attempt = numbers.count == 1 ? 1 : numbers[1], attempt >= 1
                else { return nil }
                self[Source(step: step, attempt: attempt)] = place
            }
        }

        subscript(source: Source) -> SpoolPosition {
            get { places[source] ?? .start }
            set { places[source] = newValue == .start ? nil : newValue }
        }

        /// `STEP:PLACE` or `STEP.ATTEMPT:PLACE` for each spool that was read from.
        package var description: String {
            guard !places.isEmpty else { return "0:0" }
            return places.sorted { $0.key < $1.key }.map { source, place in
                let attempt = source.attempt == 1 ? "" : ".\(source.attempt)"
                return "\(source.step)\(attempt):\(place.rawValue)"
            }.joined(separator: ",")
        }
    }

    package struct Piece: Sendable {
        package var step: String
        package var attempt: Int
        package var chunk: SpoolChunk
        /// Where to go on behind it.
        package var next: Position
    }

    package struct Page: Sendable {
        package var pieces: [Piece] = []
        package var next: Position
        /// Nothing was there behind `next`, and nothing can come any more.
        package var isEnd = false
        /// Bytes that are kept no longer.
        package var dropped = 0
    }

    private let run: Run
    private let paths: RunPaths
    private let sources: [Source]
    /// Tries that were asked for and have not begun.
    private let isAwaited: Bool
    private let stream: ReeveProcess.OutputStream?

    /// - Parameters:
    ///   - step: The only step to read; all if `nil`. `nil` is answered if the run has no such step.
    ///   - attempt: The only try to read; all if `nil`.
    package init?(
        of run: Run,
        paths: RunPaths,
        step: String? = nil,
        attempt: Int? = nil,
        stream: OutputStreamName? = nil
    ) {
        self.run = run
        self.paths = paths
        self.stream = stream.map { $0 == .stdout ? .output : .error }
        if let step, !run.steps.contains(where: { $0.name == step }) { return nil }
        let chosen = run.steps.enumerated().filter { step == nil || $0.element.name == step }
        isAwaited = chosen.contains { $0.element.status < .stopped && $0.element.attempt < attempt ?? 1 }
        sources = chosen.flatMap { index, record in
            (1...max(1, record.attempt)).filter { attempt == nil || $0 == attempt }.map {
                Source(step: index, attempt: $0)
            }
        }
    }

    /// Up to `limit` bytes behind `position`.
    package func read(after position: Position, limit: Int) throws(SpoolError) -> Page {
        var page = Page(next: position)
        var left = limit
        // What is in memory is bounded by the limit, however many spools there are.
        let window = max(4 << 10, limit / max(1, sources.count))
        var heads: [Head] = []
        var missing: Set<Source> = []
        for source in sources {
            let spool = try reader(source).read(after: position[source], limit: min(left, window), stream: stream)
            page.dropped += Int(spool.droppedOutput + spool.droppedError)
            if !spool.isThere { missing.insert(source) }
            page.next[source] = spool.chunks.isEmpty ? spool.next : position[source]
            heads.append(Head(source: source, chunks: spool.chunks[...], end: spool.next, isAtEnd: spool.atEnd))
        }
        while left > 0, let first = earliest(heads) {
            let source = heads[first].source
            var chunk = heads[first].chunks.removeFirst()
            if chunk.bytes.count > left {
                // As much of it as there is room for, with the place behind that.
                let cut = try reader(source).read(after: page.next[source], limit: left, stream: stream)
                guard let part = cut.chunks.first else { break }
                chunk = part
            }
            left -= chunk.bytes.count
            page.next[source] = chunk.next
            page.pieces.append(piece(chunk, source, page.next))
            guard heads[first].chunks.isEmpty, left > 0 else { continue }
            try refill(&heads[first], limit: min(left, window), &page)
        }
        page.dropped += removed(missing)
        let isAllRead = left > 0 && heads.allSatisfy { $0.chunks.isEmpty && $0.isAtEnd }
        page.isEnd = isAllRead && isWritten
        return page
    }

    /// Bytes of files that made room for others: nothing is left of them but the record, which knows the last try, and
    /// those before it together.
    private func removed(_ missing: Set<Source>) -> Int {
        guard stream == nil else { return 0 }
        return Set(missing.map(\.step)).reduce(0) { sum, step in
            let record = run.steps[step]
            let isLast = missing.contains(Source(step: step, attempt: record.attempt))
            let areEarlier = (1..<max(1, record.attempt)).allSatisfy {
                missing.contains(Source(step: step, attempt: $0))
            }
            return sum + (isLast ? record.output?.bytes ?? 0 : 0) + (areEarlier ? record.earlierOutput?.bytes ?? 0 : 0)
        }
    }

    /// The last `count` bytes of what is there. No more than twice of that is in memory, however many spools there are.
    package func read(tail count: Int) throws(SpoolError) -> Page {
        var page = Page(next: Position())
        var missing: Set<Source> = []
        var last = Last(limit: count)
        for source in sources {
            let spool = try reader(source).read(tail: count, stream: stream)
            page.dropped += Int(spool.droppedOutput + spool.droppedError)
            if !spool.isThere { missing.insert(source) }
            page.next[source] = spool.next
            last.add(spool.chunks, of: source)
        }
        page.pieces = last.chunks.map { piece($0.chunk, $0.source, page.next) }
        page.dropped += removed(missing)
        page.isEnd = isWritten
        return page
    }

    /// The last bytes of several spools in the order in which they came.
    private struct Last {
        let limit: Int
        private(set) var chunks: [(time: Int64, source: Source, chunk: SpoolChunk)] = []

        init(limit: Int) {
            self.limit = limit
        }

        mutating func add(_ more: [SpoolChunk], of source: Source) {
            guard !more.isEmpty else { return }
            // Within a spool the order is that of the file, whatever the clock was set to meanwhile.
            var time = Int64.min
            for chunk in more {
                time = max(time, chunk.time)
                chunks.append((time, source, chunk))
            }
            // Of what came at once, that of the earlier source comes first.
            chunks.sort { ($0.time, $0.source, $0.chunk.next) < ($1.time, $1.source, $1.chunk.next) }
            cut()
        }

        private mutating func cut() {
            var excess = chunks.reduce(0) { $0 + $1.chunk.bytes.count } - limit
            var whole = 0
            while whole < chunks.count, chunks[whole].chunk.bytes.count <= excess {
                excess -= chunks[whole].chunk.bytes.count
                whole += 1
            }
            chunks.removeFirst(whole)
            guard excess > 0, let first = chunks.first?.chunk else { return }
            chunks[0].chunk = first.suffix(first.bytes.count - excess)
        }
    }

    /// The processes that may write more, with how far each was read: what a follower waits for.
    package func living(at position: Position) -> [(key: ProcessKey, place: SpoolPosition)] {
        sources.compactMap { source in
            let step = run.steps[source.step]
            guard step.attempt == source.attempt, step.status < .stopped else { return nil }
            return (RunPaths.key(run: run.id, step: step), position[source])
        }
    }

    // MARK: Pieces

    /// What was read of a spool and not handed out yet.
    private struct Head {
        var source: Source
        var chunks: ArraySlice<SpoolChunk>
        var end: SpoolPosition
        var isAtEnd: Bool
    }

    /// Nothing more comes: the tries have ended.
    private var isWritten: Bool {
        !isAwaited
            && sources.allSatisfy { source in
                run.steps[source.step].status == .stopped || run.steps[source.step].attempt > source.attempt
            }
    }

    /// Whose next piece came first; of what came at once, that of the earlier step.
    private func earliest(_ heads: [Head]) -> Int? {
        heads.indices.filter { !heads[$0].chunks.isEmpty }.min { left, right in
            (heads[left].chunks.first?.time ?? .max, left) < (heads[right].chunks.first?.time ?? .max, right)
        }
    }

    private func refill(_ head: inout Head, limit: Int, _ page: inout Page) throws(SpoolError) {
        guard !head.isAtEnd else { return }
        let spool = try reader(head.source).read(after: head.end, limit: limit, stream: stream)
        head.chunks = spool.chunks[...]
        head.end = spool.next
        head.isAtEnd = spool.atEnd
        if spool.chunks.isEmpty { page.next[head.source] = spool.next }
    }

    private func reader(_ source: Source) -> SpoolReader {
        SpoolReader(path: paths.output(run: run.id, step: record(source)))
    }

    private func record(_ source: Source) -> RunStep {
        var record = run.steps[source.step]
        record.attempt = source.attempt
        return record
    }

    private func piece(_ chunk: SpoolChunk, _ source: Source, _ next: Position) -> Piece {
        Piece(step: run.steps[source.step].name, attempt: source.attempt, chunk: chunk, next: next)
    }
}
