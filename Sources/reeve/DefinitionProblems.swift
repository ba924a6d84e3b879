import JSON

/// What a check found in a definition of a file.
struct DefinitionProblems {
    let file: DefinitionFile
    let entry: DefinitionFile.Entry
    let answer: JSON

    func tell() {
        for problem in answer["problems"]?.array ?? [] {
            let path = problem["path"]?.string ?? ""
            var lines = ["\(file.place(entry, path)): error: \(described(path)): \(problem["reason"]?.string ?? "")"]
            for name in ["expected", "hint"] {
                if let text = problem[name]?.string { lines.append("  \((name + ":").padded(to: 10))\(text)") }
            }
            Standard.say(lines.joined(separator: "\n"))
        }
        for warning in answer["warnings"]?.array ?? [] {
            Standard.say("\(file.place(entry, "")): warning: \(warning.string ?? warning.text)")
        }
    }

    private func described(_ path: String) -> String {
        let prefix = "/\(file.kind.word)"
        let inside = path.hasPrefix(prefix) ? path.dropFirst(prefix.count) : path[...]
        return inside.isEmpty ? "the \(file.kind.word)" : String(inside)
    }
}
