import JSON
import Logging
import NIOConcurrencyHelpers
import ReeveEngine
import ReeveProtocol
import ReeveStore

/// Takes over the tasks, services and endpoints of drop-in folders, and what becomes of their files while the agent runs.
///
/// Each belongs to its file: it goes when the file, or its entry there, goes. A file that is bad as a whole or in part
/// changes nothing of what it said before.
final class DropIns: Sendable {
    private let folders: [DropInFolder]
    private let checker: TaskChecker
    private let store: Store
    private let clock: any Clock<Duration>
    private let elapsed: @Sendable () -> Duration
    private let wallClock: any WallClock
    private let logger: Logger
    private let reload: Wakeup
    /// By the path of the file or folder.
    private let problems = NIOLockedValueBox<[String: [String]]>([:])
    private let hasWatch = NIOLockedValueBox(true)
    /// Files were refused for what somebody else has put: that may be gone.
    private let hasConflicts = NIOLockedValueBox(false)

    /// - Parameters:
    ///   - elapsed: What `clock` shows since some moment.
    ///   - reload: Raised when somebody wants the folders to be looked at.
    init(
        _ folders: [DropInFolder],
        checker: TaskChecker,
        store: Store,
        clock: any Clock<Duration>,
        elapsed: @escaping @Sendable () -> Duration,
        wallClock: any WallClock,
        reload: Wakeup,
        logger: Logger
    ) {
        self.folders = folders
        self.checker = checker
        self.store = store
        self.clock = clock
        self.elapsed = elapsed
        self.wallClock = wallClock
        self.reload = reload
        self.logger = logger
    }

    /// Works until its task is cancelled, or the store fails.
    func run() async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for topic in [Signals.Topic.tasks, .services, .endpoints] {
                group.addTask { [store, reload, hasConflicts] in
                    for await _ in store.signals.changes(topic) where hasConflicts.withLockedValue({ $0 }) {
                        reload.set()
                    }
                }
            }
            defer { group.cancelAll() }
            try await follow()
        }
    }

    private func follow() async throws {
        let watch = FolderWatch.start(folders.map(\.path), changed: reload)
        var absences = DropInAbsences()
        while true {
            // Before the look: what comes after it is then seen by the next.
            let isWatched = watch?.renew() ?? false
            if !isWatched, hasWatch.withLockedValue({ $0 }) {
                logger.warning(
                    "folders cannot be watched: a reload has them looked at",
                    metadata: ["folders": "\(folders.map(\.path))"]
                )
            }
            hasWatch.withLockedValue { $0 = isWatched }
            let again = try await look(&absences)
            _ = try await reload.wait(atMost: again, on: clock)
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

    /// - Returns: How long until the next look, should nothing happen before.
    private func look(_ absences: inout DropInAbsences) async throws -> Duration? {
        let seen = SeenFiles(folders, checker: checker, now: wallClock.now)
        var found = seen.problems
        for folder in seen.absent { found[folder] = ["\(folder): is not there"] }
        for (folder, count) in try await settle(seen.claims, &absences) {
            found[folder] = [
                "\(folder): is not there: until it is, \(count) tasks, services and endpoints from files stay"
            ]
        }
        // Until it is known: what ends a conflict just after it was found is not missed.
        hasConflicts.withLockedValue { $0 = true }
        // One may be refused for what another says no more: that is known only when the other has been put.
        var refused = try await putAll(seen.files)
        while !refused.isEmpty {
            let again = try await putAll(seen.files.filter { refused[$0.path] != nil })
            guard again.count < refused.count else { break }
            refused = again
        }
        let isRefused = !refused.isEmpty
        hasConflicts.withLockedValue { $0 = isRefused }
        tell(found.merging(refused) { bad, _ in bad })
        // The end of a write is not heard of where the file is a link to another place.
        let written = seen.isBeingWritten ? DropInAbsences.patience : nil
        return [written, absences.wait(now: elapsed())].compactMap(\.self).min()
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

    /// Moves what another file says now, which goes on, and removes what no file has said for a while.
    ///
    /// - Returns: How many stay of folders that are away, by folder.
    private func settle(_ claims: DropInClaims, _ absences: inout DropInAbsences) async throws -> [String: Int] {
        let entries = try await entries()
        let fates = entries.map { ($0, claims.fate(of: $0.name, from: $0.file)) }
        let unclaimed = Set(fates.filter { $0.1 == .unclaimed }.map(\.0))
        let gone = absences.gone(among: unclaimed, now: elapsed())
        let moves = fates.compactMap { entry, fate -> (DropInAbsences.Entry, String)? in
            if case .move(let file) = fate { (entry, file) } else { nil }
        }
        if !moves.isEmpty || !gone.isEmpty {
            try await store.write { transaction in
                for (entry, file) in moves { try transaction.move(entry.name, to: DefinitionSource.file(file)) }
                for entry in gone { try transaction.remove(entry.name, of: DefinitionSource.file(entry.file)) }
            }
        }
        for entry in gone {
            logger.notice(
                "removed what no file says any more",
                metadata: ["what": "\(entry.name)", "file": "\(entry.file)"]
            )
        }
        return fates.reduce(into: [:]) { counts, fate in
            if case .stayFor(let folder) = fate.1 { counts[folder, default: 0] += 1 }
        }
    }

    /// All that came from files, also of folders that the agent had before these.
    private func entries() async throws -> [DropInAbsences.Entry] {
        let prefix = DefinitionSource.file("")
        return try await store.read { reader in
            let tasks = try reader.taskSources(beginning: prefix).map { (DropInName(.task, $0.id), $0.source) }
            let services = try reader.services().map { (DropInName(.service, $0.name), $0.source) }
            let endpoints = try reader.endpoints().map { (DropInName(.endpoint, $0.name), $0.source) }
            return (tasks + services + endpoints).compactMap { name, source in
                DefinitionSource.file(of: source).map { DropInAbsences.Entry(name: name, file: $0) }
            }
        }
    }

    /// Something of a file that is found only when it is put, with its place.
    private struct Misplaced: Error {
        let text: String
    }

    /// Puts what a file says: all of it or nothing.
    private func put(_ file: DropInFile) async throws {
        let source = DefinitionSource.file(file.path)
        let changed = try await store.write { transaction in
            var changed: [DropInName] = []
            for (index, checked) in file.tasks.enumerated() {
                do {
                    let put = try transaction.put(checked, source: source, by: source)
                    if put.changed { changed.append(DropInName(.task, checked.task.id)) }
                } catch let problem as InvalidValue {
                    throw Misplaced(text: file.place(problem, task: index))
                }
            }
            let services = try file.services.filter {
                try transaction.putService($0, source: source, by: source).changed
            }
            // Only all of them together are what the file says.
            for service in services { try transaction.checkCircles(through: service) }
            changed += services.map { DropInName(.service, $0.name) }
            for endpoint in file.endpoints {
                let before = try transaction.endpoint(endpoint.definition.name)
                let put = try endpoint.put(transaction, source: source, by: source)
                if put.definition != before?.definition { changed.append(DropInName(.endpoint, put.name)) }
            }
            return changed
        }
        guard !changed.isEmpty else { return }
        logger.info("took over a file", metadata: ["file": "\(file.path)", "changed": "\(changed)"])
        for warning in file.warnings(checker) {
            logger.warning("in a file, perhaps not meant", metadata: ["file": "\(file.path)", "warning": "\(warning)"])
        }
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

extension Transaction {
    fileprivate func move(_ name: DropInName, to source: String) throws {
        switch name.kind {
        case .task: try moveTask(name.name, to: source)
        case .service: try moveService(name.name, to: source)
        case .endpoint: try moveEndpoint(name.name, to: source)
        }
    }

    fileprivate func remove(_ name: DropInName, of source: String) throws {
        switch name.kind {
        case .task: _ = try removeTask(name.name, by: source, source: source)
        case .service: _ = try removeService(name.name, source: source, by: source)
        case .endpoint: _ = try removeEndpoint(name.name, source: source)
        }
    }
}
