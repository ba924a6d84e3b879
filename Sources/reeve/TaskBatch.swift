import JSON
import JSONRPC

/// Puts tasks as one: all of them or none.
struct TaskBatch {
    struct Entry {
        let definition: JSON
        /// Where in its source an error of that path is.
        let place: (String) -> String
    }

    let entries: [Entry]
    var set: String?
    var isPruning = false

    init(_ entries: [Entry]) {
        self.entries = entries
    }

    /// The tasks of a file, of a folder's files, or of standard input (`-`).
    init(path: String) throws {
        let files = try File.definitions(path).map { try DefinitionFile(.task, path: $0) }
        files.forEach { $0.tellOthers() }
        entries = files.flatMap { file in
            file.entries.map { entry in Entry(definition: entry.definition) { file.place(entry, $0) } }
        }
    }

    /// Puts them, or says what that would do. What is wrong is told with its place.
    func apply(_ session: Session, isDryRun: Bool) async throws -> JSON {
        var parameters: JSONObject = ["tasks": .array(entries.map(\.definition))]
        parameters["set"] = set.map(JSON.string)
        if isPruning { parameters["prune"] = true }
        if isDryRun { parameters["dryRun"] = true }
        do {
            return try await session.call("task.apply", parameters)
        } catch let error as RPCError where !session.wantsJSON {
            guard tell(error) else { throw error }
            throw CommandFailure(.refused, "nothing was changed")
        }
    }

    /// Prints what became of each.
    static func print(_ answer: JSON, _ session: Session, isDryRun: Bool) {
        if session.printJSON(answer) { return }
        var table = Table("TASK", "CHANGE", "WHAT")
        for change in answer["changes"]?.array ?? [] {
            let task = change["task"]?.string
            let action = change["action"]?.string ?? ""
            let style = ["same": Style.faint, "removed": .failure][action] ?? .good
            let differences = (change["diff"]?.array ?? []).map(Self.text)
            table.add(Table.Cell(task), Table.Cell(action, style), Table.Cell(differences.joined(separator: "; ")))
            for warning in change["warnings"]?.array ?? [] {
                Standard.say(Table.clean("\(task ?? "?"): warning: \(warning.string ?? warning.text)"))
            }
        }
        session.print(table, ifEmpty: "there is no task in it")
        if isDryRun { Standard.say("nothing was changed (--dry-run)") }
    }

    /// `schedule.cron: 0 3 * * * → 0 4 * * *`; values of the environment, which may be secrets, are left out.
    static func text(_ difference: JSON) -> String {
        let names = (difference["path"]?.string ?? "").split(separator: "/").map {
            $0.replacing("~1", with: "/").replacing("~0", with: "~")
        }
        let path = names.joined(separator: ".")
        let isHidden = names.contains("environment")
        let (before, after) = (difference["before"].map(short), difference["after"].map(short))
        switch (before, after) {
        case _ where isHidden:
            return "\(path): " + (before == nil ? "new" : after == nil ? "no longer" : "another value")
        case (let before?, let after?): return "\(path): \(before) → \(after)"
        case (nil, let after?): return "\(path): now \(after)"
        case (let before?, nil): return "\(path): no longer \(before)"
        case (nil, nil): return path
        }
    }

    private static func short(_ value: JSON) -> String {
        let text = value.string ?? value.text
        let line = text.split(separator: "\n", omittingEmptySubsequences: false).joined(separator: "⏎")
        return line.count > 60 ? line.prefix(59) + "…" : line
    }

    /// Whether the error is about the tasks, and was told.
    private func tell(_ error: RPCError) -> Bool {
        guard let data = error.data else { return false }
        let problems = (data["problems"]?.array ?? [data]).map { ($0, place(of: $0)) }
        guard problems.contains(where: { $0.1 != nil }) else { return false }
        for (problem, place) in problems {
            var own = problem.object ?? [:]
            if let place { own["path"] = .string("/task" + place.inside) }
            let answer: JSON = ["problems": [.object(own)]]
            let source = place.map { entries[$0.index].place } ?? { _ in "reeve" }
            DefinitionProblems(kind: .task, place: source, answer: answer).tell()
        }
        return true
    }

    /// Which entry a problem is about, and where in it; `nil` if it is about none.
    private func place(of problem: JSON) -> (index: Int, inside: String)? {
        let parts = (problem["path"]?.string ?? "").split(separator: "/", maxSplits: 2)
        guard parts.count > 1, parts[0] == "tasks", let index = Int(parts[1]), entries.indices.contains(index) else {
            return nil
        }
        return (index, parts.count > 2 ? "/\(parts[2])" : "")
    }
}
