import Glibc
package import JSON

/// A value that who starts a run may give, and which its steps find as `REEVE_PARAM_NAME` in their environment.
///
/// It never becomes part of a command or script: nothing in it can be run. A text is the value by default.
package struct ParameterDefinition: Sendable, Hashable {
    /// Absent: whoever starts a run has to give it, so that the task cannot have a schedule.
    package var `default`: String?
    /// A POSIX extended regular expression (regex(7)) that the whole value has to match.
    package var pattern: String?
    package var description: String?

    package init(default value: String? = nil, pattern: String? = nil) {
        self.default = value
        self.pattern = pattern
    }

    /// Linux takes no longer text in an environment (`MAX_ARG_STRLEN`); this leaves room for the name.
    package static let longestValue = 64 << 10

    /// The variable that a parameter of that name is: `REEVE_PARAM_DB_NAME` for `db-name`.
    package static func variable(_ name: String) -> String {
        "REEVE_PARAM_" + String(name.uppercased().map { $0.isASCII && ($0.isLetter || $0.isNumber) ? $0 : "_" })
    }
}

extension ParameterDefinition: Codable {
    package enum CodingKeys: String, CodingKey, CaseIterable { case `default`, pattern, description }

    package init(from decoder: any Decoder) throws {
        if let value = try? decoder.singleValueContainer().decode(String.self) {
            self.init(default: value)
            return
        }
        let container = try decoder.container(keyedBy: CodingKeys.self)
        self.init(
            default: try container.decodeIfPresent(String.self, forKey: .default),
            pattern: try container.decodeIfPresent(String.self, forKey: .pattern)
        )
        description = try container.decodeIfPresent(String.self, forKey: .description)
    }
}

extension ParameterDefinition {
    /// What is wrong with a value that somebody gives, if anything is.
    package func problems(of value: String, at path: String) -> [InvalidValue] {
        if value.utf8.contains(0) { return [InvalidValue(path: path, reason: "contains a NUL character")] }
        guard value.utf8.count <= Self.longestValue else {
            let expected = "at most \(Self.longestValue) bytes"
            return [InvalidValue(path: path, reason: "is \(value.utf8.count) bytes long", expected: expected)]
        }
        // One that is no pattern is told of by itself.
        guard let pattern, let expression = try? Pattern(pattern), !expression.matches(value) else { return [] }
        return [
            InvalidValue(
                path: path,
                reason: "\"\(value.prefix(100))\" does not match the parameter's pattern",
                expected: "a value of the form \(pattern)"
            )
        ]
    }

    fileprivate func problems(at path: String) -> [InvalidValue] {
        var problems = `default`.map { self.problems(of: $0, at: path + "/default") } ?? []
        if let pattern {
            do {
                _ = try Pattern(pattern)
            } catch {
                problems.append(
                    InvalidValue(
                        path: path + "/pattern",
                        reason: "\"\(pattern)\" is no pattern: \(error.text)",
                        expected: "a POSIX extended regular expression (regex(7))"
                    )
                )
            }
        }
        return problems
    }
}

extension TaskDefinition {
    /// The values of a run's parameters: those given, over the defaults.
    package func parameterValues(given: [String: String]) -> [String: String] {
        (parameters ?? [:]).compactMapValues(\.default).merging(given) { _, given in given }
    }

    /// What is wrong with the parameters that somebody gives for a run; paths are those of `task.run`.
    package func problems(ofParameters given: [String: String]) -> [InvalidValue] {
        let declared = parameters ?? [:]
        let names = declared.keys.sorted()
        var problems: [InvalidValue] = given.sorted { $0.key < $1.key }.flatMap { name, value -> [InvalidValue] in
            let path = "/parameters/" + InvalidValue.escaped(name)
            if let parameter = declared[name] { return parameter.problems(of: value, at: path) }
            return [
                InvalidValue(
                    path: path,
                    reason: names.isEmpty
                        ? "the task has no parameters" : "the task has no parameter \"\(name)\"",
                    expected: names.isEmpty ? nil : "one of \(names.joined(separator: ", "))",
                    hint: nearest(name, among: names).map { "did you mean \"\($0)\"?" }
                )
            ]
        }
        for name in names where declared[name]?.default == nil && given[name] == nil {
            problems.append(
                InvalidValue(
                    path: "/parameters/" + InvalidValue.escaped(name),
                    reason: "is not given, and has no default",
                    expected: declared[name]?.description ?? declared[name]?.pattern.map { "a value of the form \($0)" }
                )
            )
        }
        return problems
    }

    func parameterProblems() -> [InvalidValue] {
        var variables: [String: String] = [:]
        return (parameters ?? [:]).sorted { $0.key < $1.key }.flatMap { name, parameter -> [InvalidValue] in
            let path = "/parameters/" + InvalidValue.escaped(name)
            var problems = nameProblems(name, "is not a parameter's name", longest: 64, at: path)
            problems += parameter.problems(at: path)
            if let other = variables.updateValue(name, forKey: ParameterDefinition.variable(name)) {
                let reason = "is \(ParameterDefinition.variable(name)) for its steps, as \"\(other)\" is"
                problems.append(InvalidValue(path: path, reason: reason, expected: "another name"))
            }
            if parameter.default == nil, schedule != nil {
                problems.append(
                    InvalidValue(
                        path: path,
                        reason: "has no default, and nobody gives one when a schedule starts the task",
                        expected: "a default"
                    )
                )
            }
            return problems
        }
    }
}

/// A POSIX extended regular expression that whole texts are held against.
private final class Pattern {
    struct Mistake: Error {
        var text: String
    }

    private var compiled = regex_t()

    init(_ text: String) throws(Mistake) {
        let status = regcomp(&compiled, "^(\(text))$", REG_EXTENDED | REG_NOSUB)
        guard status != 0 else { return }
        var buffer = [CChar](repeating: 0, count: 128)
        regerror(status, &compiled, &buffer, buffer.count)
        throw Mistake(
            text: String(decoding: buffer.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self).lowercased()
        )
    }

    deinit { regfree(&compiled) }

    func matches(_ text: String) -> Bool { regexec(&compiled, text, 0, nil, 0) == 0 }
}
