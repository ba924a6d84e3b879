/// What a file of definitions may hold, and what the words for it are.
enum DefinitionKind: String, CaseIterable {
    case task, service, endpoint

    /// What it is called, as people and the methods' parameters have it.
    var word: String { rawValue }

    /// What a list of them is called in a file.
    var list: String { rawValue + "s" }

    /// The member that names one.
    var name: String {
        switch self {
        case .task: "id"
        case .service, .endpoint: "name"
        }
    }

    /// What comes before the commands that are for them.
    var command: String {
        switch self {
        case .task: "reeve"
        case .service: "reeve service"
        case .endpoint: "reeve endpoint"
        }
    }

    /// What puts those of a file.
    var apply: String { self == .endpoint ? "\(command) add NAME -f" : "\(command) apply -f" }
}
