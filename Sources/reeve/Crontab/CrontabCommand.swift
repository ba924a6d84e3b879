import ReeveProtocol

/// What a line of a crontab runs.
struct CrontabCommand: Equatable {
    /// For the shell.
    let line: String
    /// For standard input.
    let input: String?

    /// - Parameter text: All that stands behind the times, and the user.
    init(_ text: some StringProtocol) {
        var rest = Array(text.utf8)[...]
        line = String(decoding: Self.takeLine(&rest), as: UTF8.self)
        input = rest.isEmpty ? nil : String(decoding: Self.input(rest), as: UTF8.self)
    }

    private static let percent = UInt8(ascii: "%")
    private static let backslash = UInt8(ascii: "\\")
    private static let newline = UInt8(ascii: "\n")

    /// Up to the first `%`, which is taken too. A backslash before `%`, and before another backslash, goes.
    private static func takeLine(_ rest: inout ArraySlice<UInt8>) -> [UInt8] {
        var line: [UInt8] = []
        while let byte = rest.popFirst(), byte != percent {
            line.append(byte)
            guard byte == backslash, let next = rest.popFirst() else { continue }
            if next == percent || next == backslash { line.removeLast() }
            line.append(next)
        }
        return line
    }

    /// Each `%` is the end of a line, and the last line has one; a backslash goes before `%` alone.
    private static func input(_ rest: ArraySlice<UInt8>) -> [UInt8] {
        var input: [UInt8] = []
        for byte in rest {
            if byte != percent {
                input.append(byte)
            } else if input.last == backslash {
                input[input.count - 1] = percent
            } else {
                input.append(newline)
            }
        }
        if input.last != newline { input.append(newline) }
        return input
    }

    /// The base name of the program that the line is probably about; empty if none is seen.
    var program: String {
        let programs = line.split { "|&;()<>\"'`".contains($0) }.compactMap(Self.program)
        let main = programs.filter { !Self.preparations.contains($0) }
        return (main + programs).map(Self.name).first { !$0.isEmpty } ?? ""
    }

    private static func program(of part: Substring) -> String? {
        let words = part.split { $0 == " " || $0 == "\t" }
        let program = words.first { word in
            !wrappers.contains(baseName(word)) && !word.hasPrefix("-") && !word.contains("=")
                && !(word.first?.isNumber ?? false)
        }
        return program.map(baseName)
    }

    /// What only starts the rest of its words.
    private static let wrappers: Set<String> = [
        "chronic", "command", "do", "env", "exec", "if", "ionice", "nice", "nohup", "setsid", "then", "time", "timeout",
        "while", "!", "{",
    ]

    /// What is done before, or asked.
    private static let preparations: Set<String> = [
        ":", ".", "[", "[[", "cd", "export", "fi", "set", "sleep", "source", "test", "true", "umask", "}",
    ]

    private static func baseName(_ word: Substring) -> String {
        String(word.split(separator: "/").last ?? "")
    }

    /// What of a program's name can stand in a task's id.
    private static func name(_ text: String) -> String {
        let name = String(text.unicodeScalars.map { isName(String($0), longest: 1) ? Character($0) : "-" }.prefix(60))
        return String(name.drop { $0 == "-" || $0 == "." }.reversed().drop { $0 == "-" }.reversed())
    }
}
