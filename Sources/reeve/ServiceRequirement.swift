import ArgumentParser
import JSON
import ReeveProtocol

/// `db`, `db:healthy` or `task:ID`, as `--requires` takes it.
struct ServiceRequirement: ExpressibleByArgument {
    let definition: JSON

    init?(argument: String) {
        let parts = argument.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        guard parts.count <= 2, parts.allSatisfy({ !$0.isEmpty }) else { return nil }
        if parts.count == 1 {
            definition = .string(argument)
        } else if parts[0] == "task" {
            definition = ["task": .string(parts[1])]
        } else {
            // A condition that there is not is refused by the agent, with those that there are.
            definition = ["service": .string(parts[0]), "condition": .string(parts[1])]
        }
    }
}
