import ReeveProtocol

/// Writes metrics as OpenMetrics 1.0 has them: families one after the other, each with what it is and its samples.
struct OpenMetricsText: Sendable {
    enum Kind: String, Sendable {
        case counter, gauge, histogram, stateset, info
    }

    typealias Labels = [(name: String, value: String)]

    static let contentType = "application/openmetrics-text; version=1.0.0; charset=utf-8"

    private var lines: [String] = []

    /// A family's head; its samples are to follow.
    /// - Parameter unit: The last word of the name, where it is one.
    mutating func family(_ name: String, _ kind: Kind, _ help: String, unit: String? = nil) {
        lines.append("# TYPE \(name) \(kind.rawValue)")
        if let unit { lines.append("# UNIT \(name) \(unit)") }
        lines.append("# HELP \(name) \(Self.escaped(help))")
    }

    mutating func sample(_ name: String, _ value: Int, _ labels: Labels = []) {
        add(name, labels, String(value))
    }

    mutating func sample(_ name: String, _ value: Double, _ labels: Labels = []) {
        add(name, labels, "\(value)")
    }

    /// One sample for each state that there may be: 1 for the one that is so.
    mutating func states<State: WireWord>(_ name: String, _ labels: Labels, _ state: State) {
        for one in State.allCases { sample(name, one == state ? 1 : 0, labels + [(name, one.rawValue)]) }
    }

    /// All of it, with the end that says that nothing is missing.
    var text: String { (lines + ["# EOF", ""]).joined(separator: "\n") }

    private mutating func add(_ name: String, _ labels: Labels, _ value: String) {
        let list = labels.map { "\($0.name)=\"\(Self.escaped($0.value))\"" }.joined(separator: ",")
        lines.append("\(name)\(list.isEmpty ? "" : "{\(list)}") \(value)")
    }

    private static func escaped(_ text: String) -> String {
        text.reduce(into: "") { result, character in
            switch character {
            case "\\": result += "\\\\"
            case "\"": result += "\\\""
            case "\n": result += "\\n"
            default: result.append(character)
            }
        }
    }
}
