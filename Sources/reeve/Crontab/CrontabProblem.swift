/// What is to be said of a line of a crontab.
struct CrontabProblem: Equatable {
    /// From 1 on.
    var line: Int
    /// Whether the line has become no task. Else it has, and this is a difference to know of.
    var isRefusal: Bool
    var reason: String
    /// What would be right, or what to do.
    var hint: String?

    /// For people: as of a compiler.
    func text(of name: String) -> String {
        let kind = isRefusal ? "error" : "note"
        return Table.clean("\(name):\(line): \(kind): \(reason)")
            + (hint.map { "\n  " + "hint:".padded(to: 10) + Table.clean($0) } ?? "")
    }
}

/// Why a line cannot become a task.
struct CrontabFault: Error, Equatable {
    var reason: String
    var hint: String?

    init(_ reason: String, hint: String? = nil) {
        self.reason = reason
        self.hint = hint
    }
}
