/// One line of a crontab, read as cron(8) of Debian reads it.
enum CrontabLine: Equatable {
    case blank
    case comment(String)
    /// For the lines behind it.
    case setting(name: String, value: String)
    case job(CrontabJob)

    /// - Parameters:
    ///   - text: Without its end.
    ///   - hasUsers: Whether a user stands before each command.
    init(_ text: String, hasUsers: Bool) throws(CrontabFault) {
        let text = text.drop(while: isBlank)
        guard let first = text.first, !first.isNewline else {
            self = .blank
            return
        }
        if first == "#" {
            self = .comment(trimmed(text.drop { $0 == "#" }))
        } else if let setting = Self.setting(text) {
            self = setting
        } else if first.isLetter || first == "_" || first == "\"" || first == "'" {
            throw CrontabFault(
                "is neither NAME = value nor a time with a command",
                hint: "an empty value is written \"\", and nothing stands behind a value in quotes"
            )
        } else {
            self = .job(try CrontabJob(text, hasUsers: hasUsers))
        }
    }

    /// `NAME = value`, either of them in quotes perhaps.
    private static func setting(_ text: Substring) -> CrontabLine? {
        var rest = text
        guard let name = takeQuoted(&rest) ?? takeName(&rest), !name.isEmpty else { return nil }
        rest = rest.drop(while: isBlank)
        guard rest.popFirst() == "=" else { return nil }
        rest = rest.drop(while: isBlank)
        if rest.first == "\"" || rest.first == "'" {
            guard let value = takeQuoted(&rest), rest.allSatisfy(\.isWhitespace) else { return nil }
            return .setting(name: name, value: value)
        }
        let value = trimmed(rest)
        return value.isEmpty ? nil : .setting(name: name, value: value)
    }

    private static func takeName(_ rest: inout Substring) -> String? {
        let name = rest.prefix { !isBlank($0) && $0 != "=" }
        rest = rest[name.endIndex...]
        return String(name)
    }

    /// `nil` if it does not begin with a quote, or that is not closed.
    private static func takeQuoted(_ rest: inout Substring) -> String? {
        guard let quote = rest.first, quote == "\"" || quote == "'",
            let end = rest.dropFirst().firstIndex(of: quote)
        else { return nil }
        let text = rest[rest.index(after: rest.startIndex)..<end]
        rest = rest[rest.index(after: end)...]
        return String(text)
    }
}

/// A line of a crontab that runs something.
struct CrontabJob: Equatable {
    let time: CrontabTime
    /// As whom, where the crontab has users.
    let user: String?
    let command: CrontabCommand
    /// Whether a `-` before it asks cronie not to log it.
    let isUnlogged: Bool

    fileprivate init(_ text: Substring, hasUsers: Bool) throws(CrontabFault) {
        isUnlogged = text.hasPrefix("-")
        var rest = isUnlogged ? text.dropFirst() : text
        if rest.hasPrefix("@") {
            time = try CrontabTime(nickname: takeWord(&rest))
        } else {
            let words = (1...5).map { _ in takeWord(&rest) }.filter { !$0.isEmpty }
            guard words.count == 5 else {
                throw CrontabFault(
                    "has \(words.count) of the five fields of a time",
                    hint: "minute, hour, day of month, month, day of week, then the command"
                )
            }
            time = try CrontabTime(words)
        }
        user = hasUsers ? String(takeWord(&rest)) : nil
        guard user?.isEmpty != true else {
            throw CrontabFault("names no user", hint: "in this file the user stands between the time and the command")
        }
        guard !rest.allSatisfy(isBlank) else {
            throw CrontabFault(
                "has no command",
                hint: user.map { "\"\($0)\" is read as the user: in this file one stands before the command" }
            )
        }
        guard rest.last != "\r" else {
            throw CrontabFault(
                "ends in a carriage return, which cron hands to the command",
                hint: "take those away first: tr -d '\\r'"
            )
        }
        command = CrontabCommand(rest)
        guard !command.line.allSatisfy(isBlank) else {
            throw CrontabFault("has no command before the %", hint: "\\% stands for a percent sign")
        }
    }
}

private func takeWord(_ rest: inout Substring) -> Substring {
    let word = rest.prefix { !isBlank($0) }
    rest = rest[word.endIndex...].drop(while: isBlank)
    return word
}

private func isBlank(_ character: Character) -> Bool { character == " " || character == "\t" }

private func trimmed(_ text: Substring) -> String {
    var text = text.drop { $0.isWhitespace }
    while text.last?.isWhitespace == true { text.removeLast() }
    return String(text)
}
