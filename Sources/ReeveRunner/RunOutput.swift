package import ReeveProcess
package import ReeveProtocol

/// Reads the output of a run's steps, one step after another in the order of the task.
package struct RunOutput: Sendable {
    /// Where a reader is: in which step, and where in its output. Opaque to clients.
    package struct Position: Sendable, Hashable, CustomStringConvertible {
        package var step: Int
        package var place: SpoolPosition

        package init(step: Int = 0, place: SpoolPosition = .start) {
            self.step = step
            self.place = place
        }

        package init?(_ text: String) {
            let parts = text.split(separator: ":", omittingEmptySubsequences: false)
            guard parts.count == 2, let step = Int(parts[0]), step >= 0, let number = Int64(parts[1]),
                let place = SpoolPosition(rawValue: number)
            else { return nil }
            self.init(step: step, place: place)
        }

        package var description: String { "\(step):\(place.rawValue)" }
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
        /// Bytes of the steps looked at that are kept no longer.
        package var dropped = 0
    }

    private let run: Run
    private let paths: RunPaths
    private let steps: Range<Int>
    private let stream: ReeveProcess.OutputStream?

    /// - Parameter step: the only step to read; all if `nil`. `nil` is answered if the run has no such step.
    package init?(of run: Run, paths: RunPaths, step: String? = nil, stream: OutputStreamName? = nil) {
        self.run = run
        self.paths = paths
        self.stream = stream.map { $0 == .stdout ? .output : .error }
        guard let step else {
            steps = run.steps.indices
            return
        }
        guard let index = run.steps.firstIndex(where: { $0.name == step }) else { return nil }
        steps = index..<(index + 1)
    }

    /// Up to `limit` bytes behind `position`.
    package func read(after position: Position, limit: Int) throws(SpoolError) -> Page {
        var page = Page(next: position.step < steps.lowerBound ? Position(step: steps.lowerBound) : position)
        var left = limit
        while page.next.step < steps.upperBound {
            let step = run.steps[page.next.step]
            let spool = try reader(step).read(after: page.next.place, limit: left, stream: stream)
            take(spool, of: page.next.step, into: &page)
            left -= spool.chunks.reduce(0) { $0 + $1.bytes.count }
            guard spool.atEnd, step.status == .stopped else { return page }
            guard left > 0 else { return page }
            page.next = Position(step: page.next.step + 1)
        }
        page.isEnd = run.status == .stopped || page.next.step > steps.lowerBound && steps.count == 1
        return page
    }

    /// The last `count` bytes of what is there.
    package func read(tail count: Int) throws(SpoolError) -> Page {
        var page = Page(next: Position(step: steps.lowerBound))
        var left = count
        var pieces: [[Piece]] = []
        for index in steps.reversed() where run.steps[index].status > .preparing && left > 0 {
            let step = run.steps[index]
            let spool = try reader(step).read(tail: left, stream: stream)
            if pieces.isEmpty { page.next = Position(step: index, place: spool.next) }
            pieces.append(spool.chunks.map { piece($0, index) })
            page.dropped += Int(spool.droppedOutput + spool.droppedError)
            left -= spool.chunks.reduce(0) { $0 + $1.bytes.count }
        }
        page.pieces = pieces.reversed().flatMap { $0 }
        page.isEnd = run.status == .stopped
        return page
    }

    /// The process whose output comes next, if it still runs: what a follower waits for.
    package func key(at position: Position) -> ProcessKey? {
        guard run.steps.indices.contains(position.step), run.steps[position.step].status < .stopped else { return nil }
        return RunPaths.key(run: run.id, step: run.steps[position.step])
    }

    private func reader(_ step: RunStep) -> SpoolReader {
        SpoolReader(path: paths.output(run: run.id, step: step))
    }

    private func piece(_ chunk: SpoolChunk, _ step: Int) -> Piece {
        let record = run.steps[step]
        let next = Position(step: step, place: chunk.next)
        return Piece(step: record.name, attempt: record.attempt, chunk: chunk, next: next)
    }

    private func take(_ spool: SpoolPage, of step: Int, into page: inout Page) {
        page.pieces += spool.chunks.map { piece($0, step) }
        page.next.place = spool.next
        page.dropped += Int(spool.droppedOutput + spool.droppedError)
    }
}
