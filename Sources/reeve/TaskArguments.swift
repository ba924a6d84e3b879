import ArgumentParser
import JSON
import ReeveProtocol

/// A length of time as an option's value.
extension Interval: ExpressibleByArgument {
    public init?(argument: String) {
        self.init(argument)
    }
}

/// `K=V`, or `K` alone where that means something.
struct Assignment: ExpressibleByArgument {
    var name: String
    var value: String?

    init?(argument: String) {
        guard let equals = argument.firstIndex(of: "=") else {
            guard !argument.isEmpty else { return nil }
            name = argument
            return
        }
        name = String(argument[..<equals])
        value = String(argument[argument.index(after: equals)...])
        guard !name.isEmpty else { return nil }
    }
}

extension [Assignment] {
    /// An environment; a name alone takes its value from the caller's.
    func environment() throws -> JSON? {
        guard !isEmpty else { return nil }
        var object = JSONObject()
        for assignment in self {
            guard let value = assignment.value ?? Host.environment(assignment.name) else {
                throw CommandFailure(
                    .usage,
                    "-e \(assignment.name): it is not set here",
                    hint: "write -e \(assignment.name)=VALUE"
                )
            }
            object[assignment.name] = .string(value)
        }
        return .object(object)
    }

    /// Pairs that each need a value.
    func pairs(_ option: String) throws -> JSON? {
        guard !isEmpty else { return nil }
        var object = JSONObject()
        for assignment in self {
            guard let value = assignment.value else {
                throw CommandFailure(.usage, "\(option) \(assignment.name): write \(assignment.name)=VALUE")
            }
            object[assignment.name] = .string(value)
        }
        return .object(object)
    }
}

extension CompletionKind {
    // The ids of the agent's tasks, and the names of what else it has.
    static var task: CompletionKind { .shellCommand("reeve ls 2>/dev/null | cut -f1") }
    static var service: CompletionKind { .shellCommand("reeve service ls 2>/dev/null | cut -f1") }
    static var taskOrService: CompletionKind {
        .shellCommand("{ reeve ls; reeve service ls; } 2>/dev/null | cut -f1")
    }
    static var taskServiceOrEndpoint: CompletionKind {
        .shellCommand("{ reeve ls; reeve service ls; reeve endpoint ls; } 2>/dev/null | cut -f1")
    }
    static var endpoint: CompletionKind { .shellCommand("reeve endpoint ls 2>/dev/null | cut -f1") }
}

/// What a run is called where one is asked for.
enum RunName {
    /// A task's name alone means its last run.
    static func resolved(_ text: String) -> String {
        text.contains("/") || isUUIDv7(text) ? text : "\(text)/-1"
    }

    /// `backup/7`
    static func short(_ run: JSON) -> String {
        "\(run["task"]?.string ?? "?")/\(run["number"]?.integer ?? 0)"
    }
}
