import JSON
import Logging
import NIOConcurrencyHelpers
import ReeveEngine
import ReeveProtocol
import ReeveStore

/// Takes over the tasks and services of drop-in folders, and what becomes of their files while the agent runs.
///
/// Each belongs to its file: it goes when the file, or its entry there, goes. A file that is bad as a whole or in part
/// changes nothing of what it said before.
final class DropIns: Sendable {
    private let folders: [DropInFolder]
    private let checker: TaskChecker
    private let store: Store
    private let wallClock: any WallClock
    private let logger: Logger
    private let reload: Wakeup
    /// By the path of the file or folder.
    private let problems = NIOLockedValueBox<[String: [String]]>([:])
    private let hasWatch = NIOLockedValueBox(true)

    /// - Parameter reload: Raised when somebody wants the folders to be looked at.
    init(
        _ folders: [DropInFolder],
        checker: TaskChecker,
        store: Store,
        wallClock: any WallClock,
        reload: Wakeup,
        logger: Logger
    ) {
        self.folders = folders
        self.checker = checker
        self.store = store
        self.wallClock = wallClock
        self.reload = reload
        self.logger = logger
    }

    static func source(_ file: String) -> String { "folder:\(file)" }

    /// Works until its task is cancelled, or the store fails.
    func run() async throws {
        let watch = FolderWatch.start(folders.map(\.path), changed: reload)
        while true {
            // Before the look: what comes after it is then seen by the next.
            let isWatched = watch?.renew() ?? false
            if !isWatched, hasWatch.withLockedValue({ $0 }) {
                logger.warning(
                    "folders cannot be watched: SIGHUP has them looked at",
                    metadata: ["folders": "\(folders.map(\.path))"]
                )
            }
            hasWatch.withLockedValue { $0 = isWatched }
            try await look()
            await reload.wait()
            try Task.checkCancellation()
        }
    }

    /// What is wrong with files, or with folders.
    var troubles: [String] { problems.withLockedValue { $0.values.flatMap(\.self).sorted() } }

    func report() -> ReportValue {
        .object([
            "folders": .list(folders.map { .text($0.path) }), "watched": .boolean(hasWatch.withLockedValue { $0 }),
            "problems": .list(troubles.map { .text($0) }),
        ])
    }

    private func look() async throws {
        let seen = SeenFiles(folders, checker: checker, now: wallClock.now)
        var found = seen.problems
        for (folder, count) in try await remove(seen) {
            let text =
                "\(folder): is not there: \(count) tasks and services from files stay; an empty folder would remove them"
            found[folder] = [text]
        }
        // One may be refused for what another says no more: that is known only when the other has been put.
        var refused = try await putAll(seen.files)
        while !refused.isEmpty {
            let again = try await putAll(seen.files.filter { refused[$0.path] != nil })
            guard again.count < refused.count else { break }
            refused = again
        }
        tell(found.merging(refused) { bad, _ in bad })
    }

    /// What is wrong with those that were refused, by their paths.
    private func putAll(_ files: [DropInFile]) async throws -> [String: [String]] {
        var refused: [String: [String]] = [:]
        for file in files {
            do {
                try await put(file)
            } catch let failure as Failure {
                refused[file.path] = ["\(file.path): \(failure.message)"]
            } catch let error as StoreError where error.isConflict {
                refused[file.path] = ["\(file.path): \(error.message)"]
            } catch let problem as Misplaced {
                refused[file.path] = [problem.text]
            }
        }
        return refused
    }

    /// Removes of files that are gone everything, of good ones what they do not say any more. What another file says now
    /// moves there and goes on.
    ///
    /// - Returns: How many stay of folders that are away, because what they are on may not be mounted.
    private func remove(_ seen: SeenFiles) async throws -> [String: Int] {
        try await store.write { transaction in
            var away: [String: Int] = [:]
            func isGone(_ source: String, _ kind: DropInFile.Bare, _ name: String) -> Bool {
                let file = String(source.dropFirst(Self.source("").count))
                if let folder = seen.folderAway(of: file) { away[folder, default: 0] += 1 }
                return !seen.keeps(kind, name, of: file)
            }
            for (id, source) in try transaction.taskSources(beginning: Self.source("")) {
                guard isGone(source, .task, id) else { continue }
                if let heir = seen.file(of: .task, id) {
                    try transaction.moveTask(id, to: Self.source(heir))
                } else {
                    _ = try transaction.removeTask(id, by: source, source: source)
                }
            }
            for service in try transaction.services() where service.source.hasPrefix(Self.source("")) {
                guard isGone(service.source, .service, service.name) else { continue }
                if let heir = seen.file(of: .service, service.name) {
                    try transaction.moveService(service.name, to: Self.source(heir))
                } else {
                    _ = try transaction.removeService(service.name, source: service.source, by: service.source)
                }
            }
            return away
        }
    }

    /// Something of a file that is found only when it is put, with its place.
    private struct Misplaced: Error {
        let text: String
    }

    /// Puts what a file says: all of it or nothing.
    private func put(_ file: DropInFile) async throws {
        let source = Self.source(file.path)
        let changed = try await store.write { transaction in
            var changed: [String] = []
            for (index, checked) in file.tasks.enumerated() {
                do {
                    let put = try transaction.put(checked, source: source, by: source)
                    if put.changed { changed.append("task \(checked.task.id)") }
                } catch let problem as InvalidValue {
                    throw Misplaced(text: file.place(problem, task: index))
                }
            }
            let services = try file.services.filter {
                try transaction.putService($0, source: source, by: source).changed
            }
            // Only all of them together are what the file says.
            for service in services { try transaction.checkCircles(through: service) }
            return changed + services.map { "service \($0.name)" }
        }
        guard !changed.isEmpty else { return }
        logger.info("took over a file", metadata: ["file": "\(file.path)", "changed": "\(changed)"])
    }

    private func tell(_ found: [String: [String]]) {
        let before = problems.withLockedValue { problems in
            defer { problems = found }
            return problems
        }
        for (file, texts) in found.sorted(by: { $0.key < $1.key }) where before[file] != texts {
            for text in texts { logger.error("a file is not taken over", metadata: ["problem": "\(text)"]) }
        }
    }
}

extension StoreError {
    fileprivate var isConflict: Bool {
        if case .conflict = code { true } else { false }
    }
}
