import Glibc
package import JSON

/// A value that who starts a run may give, and which its steps find as `REEVE_PARAM_NAME` in their environment.
///
/// It never becomes part of a command or script: nothing in it can be run. A text is the value by default.
package struct ParameterDefinition: Sendable, Hashable {
    /// Absent: whoever starts a run has to give it, so that the task cannot have a schedule.
    package var `default`: String?
    /// A POSIX extended regular expression (regex(7)) that the whole value has to match, in the C locale: by bytes, so
    /// that letters are those of ASCII. Up to ``longestPattern`` bytes and ``longestMatch`` bytes of a value, and so
    /// little repeated that no value takes long to match.
    package var pattern: String?
    package var description: String?

    package init(default value: String? = nil, pattern: String? = nil) {
        self.default = value
        self.pattern = pattern
    }

    /// Linux takes no longer text in an environment (`MAX_ARG_STRLEN`); this leaves room for the name.
    package static let longestValue = 64 << 10

    package static let longestPattern = 256
    /// Of a value that is held against a pattern.
    package static let longestMatch = 4 << 10

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
        let longest = pattern == nil ? Self.longestValue : Self.longestMatch
        guard value.utf8.count <= longest else {
            let expected = "at most \(longest) bytes"
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
        guard !text.utf8.contains(0) else { throw Mistake(text: "it contains a NUL character") }
        guard text.utf8.count <= ParameterDefinition.longestPattern else {
            throw Mistake(text: "it is longer than \(ParameterDefinition.longestPattern) bytes")
        }
        guard Self.size(of: text) <= Self.largest else {
            throw Mistake(text: "what it repeats comes to more than \(Self.largest) parts")
        }
        // By itself first: what is put around it must not make a pattern of what is none.
        var alone = regex_t()
        var problem = regcomp(&alone, text, REG_EXTENDED | REG_NOSUB)
        if problem == 0 { regfree(&alone) }
        guard problem == 0 else { throw Mistake(text: Self.words(&problem, &alone)) }
        let status = regcomp(&compiled, "^(\(text))$", REG_EXTENDED | REG_NOSUB)
        guard status != 0 else { return }
        throw Mistake(text: "it cannot be compiled")
    }

    /// How much the C library makes of it at the most: its length by all of its bounded repeats, which it writes out.
    private static func size(of text: String) -> Int {
        let bounds = text.split(separator: "{").dropFirst().map { part in
            part.prefix { $0 != "}" }.split(separator: ",").compactMap { Int($0) }.max() ?? 1
        }
        // No more than is asked for: a product of many may not be a number.
        return bounds.reduce(text.utf8.count) { min(largest + 1, $0 * min(largest + 1, max(1, $1))) }
    }

    private static let largest = 20_000

    private static func words(_ status: inout CInt, _ pattern: inout regex_t) -> String {
        var buffer = [CChar](repeating: 0, count: 128)
        regerror(status, &pattern, &buffer, buffer.count)
        let text = String(decoding: buffer.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
        return text.lowercased()
    }

    deinit { regfree(&compiled) }

    func matches(_ text: String) -> Bool { regexec(&compiled, text, 0, nil, 0) == 0 }
}
