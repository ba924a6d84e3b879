import JSON
import JSONRPC

/// Says why something is as it is.
struct Explanation {
    /// What can be asked about: the word for it in the methods.
    enum Subject: String, CaseIterable {
        case service
    }

    let session: Session

    /// Of the first kind that has one of this name.
    func print(_ name: String, of subjects: [Subject] = Subject.allCases) async throws {
        var unknown: RPCError?
        for subject in subjects {
            do {
                let answer = try await session.call("\(subject.rawValue).why", [subject.rawValue: .string(name)])
                if !session.printJSON(answer) { Standard.print(text(answer)) }
                return
            } catch let error as RPCError where error.kind == "notFound" {
                unknown = unknown ?? error
            }
        }
        if let unknown { throw unknown }
    }

    /// A sentence on a line: the thing itself, then what it waits for.
    private func text(_ answer: JSON) -> String {
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
