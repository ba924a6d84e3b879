/// Which files say what, as one look has found it.
struct DropInClaims: Sendable {
    typealias FolderState = SeenFiles.FolderState

    /// What is to become of something that came from a file.
    enum Fate: Sendable, Equatable {
        case stay
        /// It stays because that folder is not there: what it is on may not be mounted.
        case stayFor(folder: String)
        case move(to: String)
        /// Nothing says it now.
        case unclaimed
    }

    var folders: [(folder: DropInFolder, state: FolderState)] = []
    /// Files that are there and cannot be taken: what they said before stays.
    var unread: Set<String> = []
    private var said: [String: Set<DropInName>] = [:]
    /// The first good file that says it.
    private var owners: [DropInName: String] = [:]

    mutating func add(_ file: String, _ names: [DropInName]) {
        said[file] = Set(names)
        for name in names where owners[name] == nil { owners[name] = file }
    }

    /// - Parameter file: Where it comes from; that may be in a folder that is not looked at any more.
    func fate(of name: DropInName, from file: String) -> Fate {
        if unread.contains(file) || said[file]?.contains(name) == true { return .stay }
        if let owner = owners[name] { return .move(to: owner) }
        guard let (folder, state) = folders.first(where: { $0.folder.holds(file) }) else {
            // A folder that is named and not there may be this one, written wrong.
            let missing = folders.first { $0.folder.isNamed && $0.state == .away }
            return missing.map { .stayFor(folder: $0.folder.path) } ?? .unclaimed
        }
        switch state {
        case .read: return .unclaimed
        case .unknown: return .stay
        case .away: return .stayFor(folder: folder.path)
        }
    }
}

/// What has been unclaimed for how long: a file that is written anew, or moved, may be seen in neither state.
struct DropInAbsences: Sendable {
    struct Entry: Hashable, Sendable {
        var name: DropInName
        var file: String
    }

    /// How long something has to be unclaimed before it is gone.
    static let patience = Duration.seconds(1)

    private var since: [Entry: Duration] = [:]

    /// Notes what a look has found unclaimed, and answers what of that is gone.
    /// - Parameter now: On any clock that does not go back.
    mutating func gone(among unclaimed: Set<Entry>, now: Duration) -> Set<Entry> {
        since = since.filter { unclaimed.contains($0.key) }
        for entry in unclaimed where since[entry] == nil { since[entry] = now }
        return unclaimed.filter { since[$0].map { now - $0 >= Self.patience } ?? false }
    }

    /// How long until something may be gone; `nil` if nothing waits for that.
    func wait(now: Duration) -> Duration? {
        since.values.min().map { max(.zero, $0 + Self.patience - now) }
    }
}
