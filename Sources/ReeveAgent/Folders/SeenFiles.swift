import Glibc
package import ReeveProtocol

/// What a look at the drop-in folders has found.
package struct SeenFiles: Sendable {
    /// How much is known of what a folder holds.
    enum FolderState: Sendable {
        case read
        case away
        /// Least of all that what it held is gone.
        case unknown
    }

    /// Those that are good.
    package private(set) var files: [DropInFile] = []
    /// What is wrong, by the path of the file or folder.
    package private(set) var problems: [String: [String]] = [:]
    /// Whether a file was left out because it is being written.
    private(set) var isBeingWritten = false
    private(set) var claims = DropInClaims()

    /// Folders that are not there although the configuration names them.
    package var absent: [String] {
        claims.folders.filter { $0.folder.isNamed && $0.state == .away }.map(\.folder.path)
    }

    package init(_ folders: [DropInFolder], checker: TaskChecker, now: Timestamp) {
        var identities: [DropInFolder.Identity: String] = [:]
        for folder in folders {
            do throws(ConfigurationError) {
                guard let contents = try folder.contents() else {
                    claims.folders.append((folder, .away))
                    continue
                }
                if let other = identities.updateValue(folder.path, forKey: contents.identity) {
                    throw ConfigurationError(problems: ["\(folder.path): is the same folder as \(other)"])
                }
                claims.folders.append((folder, .read))
                for path in contents.paths { read(path, folder.bare, checker, now) }
            } catch {
                claims.folders.append((folder, .unknown))
                problems[folder.path] = error.problems
            }
        }
    }

    private mutating func read(_ path: String, _ bare: DropInName.Kind, _ checker: TaskChecker, _ now: Timestamp) {
        let text: String
        do {
            text = try PlainFile.text(path)
        } catch {
            claims.unread.insert(path)
            if error == .isBeingWritten { isBeingWritten = true }
            // One that has gone since the folder was read is no mistake.
            if error != .isGone { problems[path] = ["\(path): \(error)"] }
            return
        }
        do {
            let file = try DropInFile(path: path, text: text, bare: bare, checker: checker, now: now)
            files.append(file)
            claims.add(path, file.names)
        } catch {
            claims.unread.insert(path)
            problems[path] = error.problems
        }
    }
}
