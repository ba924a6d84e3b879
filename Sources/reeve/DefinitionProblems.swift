import JSON

/// What a check found in a definition.
struct DefinitionProblems {
    let kind: DefinitionKind
    /// Where in its source an error of that path is.
    let place: (String) -> String
    let answer: JSON

    func tell() {
        for problem in answer["problems"]?.array ?? [] {
            let path = problem["path"]?.string ?? ""
            var lines = ["\(place(path)): error: \(described(path)): \(problem["reason"]?.string ?? "")"]
            for name in ["expected", "hint"] {
                if let text = problem[name]?.string { lines.append("  \((name + ":").padded(to: 10))\(text)") }
            }
            Standard.say(lines.map(Table.clean).joined(separator: "\n"))
        }
        for warning in answer["warnings"]?.array ?? [] {
            Standard.say(Table.clean("\(place("")): warning: \(warning.string ?? warning.text)"))
        }
    }

    private func described(_ path: String) -> String {
        let prefix = "/\(kind.word)"
        let inside = path.hasPrefix(prefix) ? path.dropFirst(prefix.count) : path[...]
        return inside.isEmpty ? "the \(kind.word)" : String(inside)
    }
}
