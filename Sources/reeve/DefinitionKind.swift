/// What a file of definitions may hold, and what the words for it are.
enum DefinitionKind: String, CaseIterable {
    case task, service

    /// What it is called, as people and the methods' parameters have it.
    var word: String { rawValue }

    /// What a list of them is called in a file.
    var list: String { rawValue + "s" }

    /// The member that names one.
    var name: String {
        switch self {
        case .task: "id"
        case .service: "name"
        }
    }

    /// What comes before the commands that are for them.
    var command: String {
        switch self {
        case .task: "reeve"
        case .service: "reeve service"
        }
    }

    /// What puts those of a file.
    var apply: String { "\(command) apply -f" }
}
