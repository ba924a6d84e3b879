import JSON
import ReeveProtocol

/// Prints output: of one as it was written, of several a line at a time behind the name of who wrote it.
struct LogPrinter {
    let session: Session
    let sources: [OutputSource]
    let options: LogOptions
    private let merged: MergedOutput?

    init(_ session: Session, _ sources: [OutputSource], _ options: LogOptions) {
        self.session = session
        self.sources = sources
        self.options = options
        merged = sources.count > 1 ? MergedOutput(sources.map(\.name), session.terminal) : nil
    }

    /// - Parameter run: Whose output it is, if it is one's.
    func print(run: JSON? = nil) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for source in sources {
                var writer = OutputWriter(run: run)
                let next = try await printPast(source, &writer)
                if options.follow {
                    group.addTask { [writer] in try await follow(source, after: next, writer) }
                } else {
                    await merged?.flush(source.name)
                }
            }
            try await group.waitForAll()
        }
    }

    /// Prints what is there, unless following it will.
    ///
    /// - Returns: Where to follow from.
    private func printPast(_ source: OutputSource, _ writer: inout OutputWriter) async throws -> JSON? {
        if let lines = options.tail ?? (options.follow ? source.usualLines : nil) {
            let (pieces, next) = try await source.tail(lines: lines)
            for piece in pieces { await put(piece, of: source, &writer) }
            return next
        }
        guard !options.follow else { return nil }
        let dropped = try await source.all { pieces in
            for piece in pieces { await put(piece, of: source, &writer) }
        }
        if dropped > 0 { Standard.say("reeve: \(ByteSize.words(dropped)) of what \(source.name) wrote were not kept") }
        return nil
    }

    private func follow(_ source: OutputSource, after position: JSON?, _ writer: OutputWriter) async throws {
        var writer = writer
        let cause = try await source.follow(after: position, speaks: source.name == sources.first?.name) { piece in
            await put(piece, of: source, &writer)
        }
        await merged?.flush(source.name)
        if cause == "removed" { Standard.say("reeve: \(source.name) was removed") }
    }

    private func put(_ piece: OutputPiece, of source: OutputSource, _ writer: inout OutputWriter) async {
        if session.wantsJSON {
            // Of several it says whose it is.
            let name = sources.count > 1 ? [JSONObject.Member(name: "service", value: .string(source.name))] : []
            Standard.print(JSON.object(name + piece.json.members).text)
        } else if let merged {
            await merged.write(piece, of: source.name)
        } else {
            writer.write(piece)
        }
    }
}
