import JSON

/// What a `why` answers, for people.
struct Explanation {
    private let answer: JSON

    init(_ answer: JSON) {
        self.answer = answer
    }

    /// A sentence on a line: the thing itself, then what it waits for and what else is known.
    func text(_ session: Session) -> String {
        let terminal = session.terminal
        let reasons = (answer["reasons"]?.array ?? []).compactMap(\.string).map(Table.clean)
        let lines = reasons.enumerated().map { index, reason in
            guard terminal.isTerminal else { return reason }
            return index == 0 ? Style.strong.applied(to: reason, terminal.isStyled) : "  " + reason
        }
        let next = terminal.isTerminal ? session.times.distance(answer, "nextTry").map { "  next try \($0)" } : nil
        return (lines + [next].compactMap(\.self)).joined(separator: "\n")
    }
}
