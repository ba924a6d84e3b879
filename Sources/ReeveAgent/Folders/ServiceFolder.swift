import JSON
import Logging
import NIOConcurrencyHelpers
import ReeveEngine
import ReeveProtocol
import ReeveStore

/// Takes over the services of a drop-in folder, and what becomes of its files while the agent runs.
///
/// A service belongs to its file: it goes when the file, or its entry there, goes. A file that is bad as a whole or in
/// part changes nothing of what it said before.
final class ServiceFolder: Sendable {
    private let path: String
    private let store: Store
    private let logger: Logger
    private let reload: Wakeup
    private let problems = NIOLockedValueBox<[String: [String]]>([:])
    private let hasWatch = NIOLockedValueBox(true)

    /// - Parameter reload: Raised when somebody wants the folder to be looked at.
    init(path: String, store: Store, reload: Wakeup, logger: Logger) {
        self.path = path
        self.store = store
        self.reload = reload
        self.logger = logger
    }

    static func source(_ file: String) -> String { "folder:\(file)" }

    /// Works until its task is cancelled, or the store fails.
    func run() async throws {
        let watch = FolderWatch.start([path], changed: reload)
        while true {
            // Before the look: what comes after it is then seen by the next.
            let isWatched = watch?.renew() ?? false
            if !isWatched, hasWatch.withLockedValue({ $0 }) {
                logger.warning(
                    "a folder cannot be watched: SIGHUP has it looked at",
                    metadata: ["folder": "\(path)"]
                )
            }
            hasWatch.withLockedValue { $0 = isWatched }
            try await look()
            await reload.wait()
            try Task.checkCancellation()
        }
    }

    /// What is wrong with files, or with the folder.
    var troubles: [String] { problems.withLockedValue { $0.values.flatMap(\.self).sorted() } }

    func report() -> ReportValue {
        .object([
            "folder": .text(path), "watched": .boolean(hasWatch.withLockedValue { $0 }),
            "problems": .list(troubles.map { .text($0) }),
        ])
    }

    private func look() async throws {
        var files: [ServiceFile] = []
        var found: [String: [String]] = [:]
        let present: [String]?
        do {
            present = try ServiceFile.paths(in: path)
        } catch {
            // A folder that cannot be read says nothing: least of all that its services are gone.
            return tell([path: error.problems])
        }
        guard let paths = present else { return tell(try await withoutFolder()) }
        for path in paths {
            do {
                files.append(try ServiceFile(path: path))
            } catch {
                found[path] = error.problems
            }
        }
        try await removeWhatIsGone(files, present: paths)
        // One may be refused for what another says no more: that is known only when the other has been put.
        var refused = try await putAll(files)
        while !refused.isEmpty {
            let again = try await putAll(files.filter { refused[$0.path] != nil })
            guard again.count < refused.count else { break }
            refused = again
        }
        tell(found.merging(refused) { bad, _ in bad })
    }

    /// What is wrong with those that were refused, by their paths.
    private func putAll(_ files: [ServiceFile]) async throws -> [String: [String]] {
        var refused: [String: [String]] = [:]
        for file in files {
            do {
                try await put(file)
            } catch let failure as Failure {
                refused[file.path] = ["\(file.path): \(failure.message)"]
            } catch let error as StoreError where error.isConflict {
                refused[file.path] = ["\(file.path): \(error.message)"]
            }
        }
        return refused
    }

    /// A folder may be away because what it is on is not mounted: then its services are not gone.
    private func withoutFolder() async throws -> [String: [String]] {
        let count = try await store.read { reader in
            try reader.services().count { $0.source.hasPrefix(Self.source("")) }
        }
        guard count > 0 else { return [:] }
        return [path: ["\(path): is not there: \(count) services from files stay; an empty folder would remove them"]]
    }

    /// Of files that are gone everything, of good ones what they do not say any more. What another file says now moves
    /// there and runs on.
    private func removeWhatIsGone(_ files: [ServiceFile], present: [String]) async throws {
        let said = Dictionary(
            files.map { (Self.source($0.path), Set($0.services.map(\.name))) },
            uniquingKeysWith: { first, _ in first }
        )
        let bad = Set(present.map(Self.source)).subtracting(said.keys)
        try await store.write { transaction in
            // Also of a folder that the agent had before this one.
            for service in try transaction.services() where service.source.hasPrefix(Self.source("")) {
                guard !bad.contains(service.source), said[service.source]?.contains(service.name) != true else {
                    continue
                }
                if let heir = files.first(where: { $0.services.map(\.name).contains(service.name) }) {
                    try transaction.moveService(service.name, to: Self.source(heir.path))
                } else {
                    _ = try transaction.removeService(service.name, source: service.source, by: service.source)
                }
            }
        }
    }

    private func put(_ file: ServiceFile) async throws {
        let source = Self.source(file.path)
        let changed = try await store.write { transaction in
            let changed = try file.services.filter {
                try transaction.putService($0, source: source, by: source).changed
            }
            // Only all of them together are what the file says.
            for service in changed { try transaction.checkCircles(through: service) }
            return changed.map(\.name)
        }
        guard !changed.isEmpty else { return }
        logger.info("took over services", metadata: ["file": "\(file.path)", "services": "\(changed)"])
    }

    private func tell(_ found: [String: [String]]) {
        let before = problems.withLockedValue { problems in
            defer { problems = found }
            return problems
        }
        for (file, texts) in found.sorted(by: { $0.key < $1.key }) where before[file] != texts {
            for text in texts { logger.error("a file of services is not taken over", metadata: ["problem": "\(text)"]) }
        }
    }
}

extension StoreError {
    fileprivate var isConflict: Bool {
        if case .conflict = code { true } else { false }
    }
}
