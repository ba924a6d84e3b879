import JSON

/// The manifolds of an engine, each below the input that starts last.
struct PartTree {
    struct Part {
        var name: String
        var report: JSON
        /// What it is started after, and stopped before.
        var needs: [String]
        /// What it only uses while it is there.
        var uses: [String]
        var depth = 0
    }

    private var parts: [Part]

    init(_ report: JSON) {
        parts = (report["manifolds"]?.object?.members ?? []).map { member in
            let inputs = member.value["inputs"]?.array ?? []
            func names(_ isWanted: (String?) -> Bool) -> [String] {
                inputs.filter { isWanted($0["kind"]?.string) }.compactMap { $0["name"]?.string }
            }
            return Part(
                name: member.name,
                report: member.value,
                needs: names { $0 != "live" },
                uses: names { $0 == "live" }
            )
        }
        measure()
    }

    /// The length of the longest chain of needs above each part; the engine has refused circles.
    private mutating func measure() {
        for _ in parts.indices {
            for index in parts.indices {
                let above = parts.filter { parts[index].needs.contains($0.name) }.map(\.depth).max()
                parts[index].depth = min(parts.count, above.map { $0 + 1 } ?? 0)
            }
        }
    }

    private func parent(of part: Part) -> String? {
        parts.filter { part.needs.contains($0.name) }.max { $0.depth < $1.depth }?.name
    }

    func text(_ times: TimeText, styled: Bool) -> String {
        var lines: [(tree: String, part: Part)] = []
        for root in parts where parent(of: root) == nil { add(root, "", "", &lines) }
        let width = lines.map { $0.tree.count }.max() ?? 0
        return lines.map { line(times, $0.tree.padded(to: width), $0.part, styled) }.joined()
    }

    private func add(_ part: Part, _ branch: String, _ below: String, _ lines: inout [(tree: String, part: Part)]) {
        lines.append((branch + part.name, part))
        let children = parts.filter { parent(of: $0) == part.name }
        for (index, child) in children.enumerated() {
            let isLast = index == children.count - 1
            add(child, below + (isLast ? "└─ " : "├─ "), below + (isLast ? "   " : "│  "), &lines)
        }
    }

    private func line(_ times: TimeText, _ tree: String, _ part: Part, _ styled: Bool) -> String {
        let state = part.report["state"]?.string ?? "?"
        let starts = part.report["starts"]?.integer ?? 0
        var facts = starts == 1 ? ["1 start"] : ["\(starts) starts"]
        if state == "started", let length = times.took(part.report, from: "startedAt", to: "") {
            facts.append("for \(length)")
        }
        let others = part.needs.filter { $0 != parent(of: part) }
        if !others.isEmpty { facts.append("needs also " + others.joined(separator: ", ")) }
        if !part.uses.isEmpty { facts.append("uses " + part.uses.joined(separator: ", ")) }
        let start = "\(tree)  \(Style.of(state).applied(to: state.padded(to: 8), styled))  "
        let text = start + Style.faint.applied(to: facts.joined(separator: " · "), styled) + "\n"
        guard let trouble = trouble(part, times) else { return text }
        let indent = String(repeating: " ", count: tree.count + 2)
        return text + indent + Style.failure.applied(to: Table.clean(trouble), styled) + "\n"
    }

    /// Why it is not there, when it is tried again, what it waits for. Of a part that has started: why it ended before.
    private func trouble(_ part: Part, _ times: TimeText) -> String? {
        let isStarted = part.report["state"]?.string == "started"
        var texts: [String] = []
        if let error = part.report["error"]?.string {
            let when = times.distance(part.report, "errorAt").map { " (\($0))" } ?? ""
            texts.append((isStarted ? "ended before: " : "") + error + when)
        }
        if let next = times.distance(part.report, "nextTry"), !isStarted { texts.append("next try \(next)") }
        if let waiting = part.report["waitingFor"]?.array, !waiting.isEmpty {
            texts.append("waits for " + waiting.compactMap(\.string).joined(separator: ", "))
        }
        return texts.isEmpty ? nil : texts.joined(separator: "; ")
    }

    func table(_ times: TimeText) -> Table {
        var table = Table("NAME", "STATE", "STARTS", "SINCE", "INPUTS", "ERROR")
        for part in parts {
            table.add(
                Table.Cell(part.name),
                Table.Cell(part.report["state"]?.string),
                Table.Cell(part.report["starts"]?.integer.map(String.init)),
                Table.Cell(part.report["startedAt"]?.string),
                Table.Cell((part.needs + part.uses).joined(separator: ",")),
                Table.Cell(part.report["error"]?.string)
            )
        }
        return table
    }
}
