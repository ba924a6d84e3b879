import Glibc
package import ReeveProtocol

/// What one look at the drop-in folders has found.
package struct SeenFiles: Sendable {
    /// Those that are good.
    package private(set) var files: [DropInFile] = []
    /// By the path of the file or folder.
    package private(set) var problems: [String: [String]] = [:]
    /// Files that are there and cannot be taken: what they said before stays.
    private var unread: Set<String> = []
    /// Folders of which is not known what they hold: least of all that what they held is gone.
    private var unknown: [String] = []
    private var away: [String] = []
    /// What the good files say, by their paths.
    private var said: [String: Set<String>] = [:]
    /// The first file that says it.
    private var owners: [String: String] = [:]

    package init(_ folders: [DropInFolder], checker: TaskChecker, now: Timestamp) {
        for folder in folders {
            do {
                guard let paths = try folder.paths() else {
                    away.append(folder.path)
                    continue
                }
                for path in paths { read(path, folder.bare, checker, now) }
            } catch {
                unknown.append(folder.path)
                problems[folder.path] = error.problems
            }
        }
    }

    private mutating func read(_ path: String, _ bare: DropInFile.Bare, _ checker: TaskChecker, _ now: Timestamp) {
        do {
            let file = try DropInFile(path: path, bare: bare, checker: checker, now: now)
            let names =
                file.tasks.map { Self.key(.task, $0.task.id) } + file.services.map { Self.key(.service, $0.name) }
            files.append(file)
            said[path] = Set(names)
            for name in names where owners[name] == nil { owners[name] = path }
        } catch {
            unread.insert(path)
            // One that has gone since the folder was read is no mistake: the next look, of which the watch tells, finds that.
            var status = stat()
            if lstat(path, &status) == 0 || errno != ENOENT { problems[path] = error.problems }
        }
    }

    private static func key(_ kind: DropInFile.Bare, _ name: String) -> String { "\(kind.rawValue) \(name)" }

    /// The folder of a file, if that is away.
    func folderAway(of file: String) -> String? { away.first { Self.holds($0, file) } }

    /// Whether one is to stay as it is, as far as its file is concerned; that may be in no folder that is looked at.
    func keeps(_ kind: DropInFile.Bare, _ name: String, of file: String) -> Bool {
        unread.contains(file) || said[file]?.contains(Self.key(kind, name)) == true
            || (away + unknown).contains { Self.holds($0, file) }
    }

    /// The first good file that says it.
    func file(of kind: DropInFile.Bare, _ name: String) -> String? { owners[Self.key(kind, name)] }

    private static func holds(_ folder: String, _ file: String) -> Bool {
        file.hasPrefix(folder + "/") && !file.dropFirst(folder.utf8.count + 1).contains("/")
    }
}
