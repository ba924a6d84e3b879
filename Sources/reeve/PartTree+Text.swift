import JSON
import ReeveProtocol

// For people, a tree in which single lines lead to what needs a part, and double ones to what is inside; for programs, a
// line for each part.
extension PartTree {
    private struct Line {
        /// What leads to the name, and the name.
        let tree: String
        /// What leads on below the name.
        let below: String
        let part: Part
        let parent: String?
    }

    private struct Pending {
        let tree: PartTree
        let index: Int
        let branch: String
        let below: String
    }

    func text(_ times: TimeText, styled: Bool) -> String {
        let lines = lines()
        let width = lines.map { $0.tree.count }.max() ?? 0
        return lines.map { text($0, width, times, styled) }.joined()
    }

    /// With a list of its own of what is to come, since chains may be long.
    private func lines() -> [Line] {
        var lines: [Line] = []
        var pending = roots.reversed().map { Pending(tree: self, index: $0, branch: "", below: "") }
        while let next = pending.popLast() {
            let part = next.tree.parts[next.index]
            let children = next.tree.children(of: part, below: next.below)
            lines.append(
                Line(
                    tree: next.branch + Table.clean(part.name),
                    below: next.below + (children.isEmpty ? "" : children[0].isInner ? "║ " : "│ "),
                    part: part,
                    parent: part.parent.map { next.tree.parts[$0].name }
                )
            )
            pending += children.reversed().map(\.pending)
        }
        return lines
    }

    /// What is inside first, then what needs it.
    private func children(of part: Part, below: String) -> [(isInner: Bool, pending: Pending)] {
        let inner = (part.inner?.roots ?? []).map { (isInner: true, tree: part.inner ?? self, index: $0) }
        let all = inner + part.children.map { (isInner: false, tree: self, index: $0) }
        return all.enumerated().map { place, child in
            let next = place + 1 < all.count ? all[place + 1] : nil
            let branch = child.isInner ? (next == nil ? "╚═ " : "╠═ ") : (next == nil ? "└─ " : "├─ ")
            let bar = next.map { $0.isInner ? "║  " : "│  " } ?? "   "
            let pending = Pending(tree: child.tree, index: child.index, branch: below + branch, below: below + bar)
            return (child.isInner, pending)
        }
    }

    private func text(_ line: Line, _ width: Int, _ times: TimeText, _ styled: Bool) -> String {
        let part = line.part
        let state = part.report["state"]?.string ?? "?"
        let start = "\(line.tree.padded(to: width))  \(Style.of(state).applied(to: state.padded(to: 8), styled))  "
        let facts = Table.clean(facts(line, state, times).joined(separator: " · "))
        var notes = part.problems.map { (text: $0, style: Style.failure) }
        if let trouble = trouble(part, times) {
            notes.insert((text: trouble, style: state == "started" ? .faint : .failure), at: 0)
        }
        let below = notes.map { note in
            line.below.padded(to: width + 2) + note.style.applied(to: Table.clean(note.text), styled) + "\n"
        }
        return start + Style.faint.applied(to: facts, styled) + "\n" + below.joined()
    }

    private func facts(_ line: Line, _ state: String, _ times: TimeText) -> [String] {
        let part = line.part
        let starts = part.report["starts"]?.integer ?? 0
        var facts = [starts.counted("start", "starts")]
        if state == "started", let length = times.took(part.report, from: "startedAt", to: "") {
            facts.append("for \(length)")
        }
        switch part.report["rest"]?.string {
        case "stoppedByHand": facts.append("stopped by hand")
        case "completed": facts.append("completed")
        case "failed": facts.append("given up")
        default: break
        }
        if let inner = part.inner {
            let started = inner.parts.count { $0.report["state"]?.string == "started" }
            facts.append("\(started) of \(inner.parts.count) inside started")
        }
        let others = part.needs.filter { $0 != line.parent }
        if !others.isEmpty { facts.append("needs also " + others.joined(separator: ", ")) }
        if !part.uses.isEmpty { facts.append("uses " + part.uses.joined(separator: ", ")) }
        return facts
    }

    /// Why it is not there, when it is tried again, what it waits for. Of a part that has started: why it ended before.
    private func trouble(_ part: Part, _ times: TimeText) -> String? {
        let isStarted = part.report["state"]?.string == "started"
        var texts: [String] = []
        if let error = part.report["error"]?.string {
            let failures = part.report["failures"]?.integer ?? 0
            let details = [times.distance(part.report, "errorAt"), failures > 1 ? "\(failures) times in a row" : nil]
                .compactMap(\.self).joined(separator: ", ")
            texts.append((isStarted ? "ended before: " : "") + error + (details.isEmpty ? "" : " (\(details))"))
        }
        if let next = times.distance(part.report, "nextTry"), !isStarted { texts.append("next try \(next)") }
        if let waiting = part.report["waitingFor"]?.array, !waiting.isEmpty {
            texts.append("waits for " + waiting.compactMap(\.string).joined(separator: ", "))
        }
        if part.report["overdue"] == true { texts.append("was told to stop, and takes too long") }
        return texts.isEmpty ? nil : texts.joined(separator: "; ")
    }

    func table(_ times: TimeText) -> Table {
        var table = Table("NAME", "STATE", "STARTS", "SINCE", "INPUTS", "ERROR")
        add(to: &table, within: "")
        return table
    }

    private func add(to table: inout Table, within path: String) {
        for part in parts {
            let errors = [part.report["error"]?.string].compactMap(\.self) + part.problems
            table.add(
                Table.Cell(path + part.name),
                Table.Cell(part.report["state"]?.string),
                Table.Cell(part.report["starts"]?.integer.map(String.init)),
                Table.Cell(part.report["startedAt"]?.string),
                Table.Cell((part.needs + part.uses).map { path + $0 }.joined(separator: ",")),
                Table.Cell(errors.joined(separator: "; "))
            )
            part.inner?.add(to: &table, within: path + part.name + "/")
        }
    }
}
