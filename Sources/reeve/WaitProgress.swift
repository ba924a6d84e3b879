import Glibc
import JSON
import ReeveProtocol

/// A line on the terminal that says how far a run is, for as long as it is waited for; none where nobody looks.
struct WaitProgress {
    private let session: Session
    private let run: JSON

    init(_ session: Session, run: JSON) {
        self.session = session
        self.run = run
    }

    func show(_ wait: () async throws -> JSON) async throws -> JSON {
        guard Terminal.standardError.isTerminal, !session.wantsJSON else { return try await wait() }
        // It ends with this scope, and is waited for.
        async let _: Void = tick()
        return try await wait()
    }

    /// From the second second on: what is quick needs no words.
    private func tick() async {
        var isShown = false
        while (try? await Task.sleep(for: .seconds(1))) != nil {
            // The agent may be away, which the wait itself tells of.
            guard let answer = try? await session.call("run.get", ["run": run["id"] ?? .null]) else { continue }
            guard !Task.isCancelled else { break }
            let text = Table.cut(Self.words(answer["run"] ?? .null, now: Host.now), Terminal.standardError.width - 1)
            Standard.write(Array("\r\u{1B}[K\(text)".utf8), to: STDERR_FILENO)
            isShown = true
        }
        if isShown { Standard.write(Array("\r\u{1B}[K".utf8), to: STDERR_FILENO) }
    }

    /// `backup/7: running for 12.0s, 1 of 3 steps done, at upload`
    static func words(_ run: JSON, now: Timestamp) -> String {
        let since = (run["startedAt"] ?? run["createdAt"])?.string.flatMap { Timestamp($0) }
        let length = since.map { " for " + TimeText.length(max(0, now.since($0).milliseconds) / 1000 * 1000) } ?? ""
        var text = "\(RunName.short(run)): \(run["status"]?.string ?? "?")\(length)"
        if let waits = run["waitingFor"]?.array?.compactMap(\.string), !waits.isEmpty {
            text += ", waits for " + waits.joined(separator: " and for ")
        }
        let steps = run["steps"]?.array ?? []
        let active = steps.filter { !["pending", "stopped"].contains($0["status"]?.string) }
        if steps.count > 1 {
            let done = steps.count { $0["status"] == "stopped" }
            let names = active.compactMap { $0["name"]?.string }.joined(separator: " and ")
            text += ", \(done) of \(steps.count) steps done" + (names.isEmpty ? "" : ", at \(names)")
        }
        return Table.clean(text)
    }
}
