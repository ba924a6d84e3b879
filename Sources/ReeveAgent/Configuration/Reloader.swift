import JSON
import Logging
import ReeveEngine
import ReeveProtocol
import ReeveStore

/// Takes over a configuration that has changed while the agent runs.
///
/// All of it is read and checked before anything is changed; the endpoints are one transaction; then the parts that go by
/// what has changed begin anew. Nothing waits for runs, and no run, service or client ends by it.
struct Reloader: Sendable {
    struct Answer: Sendable {
        var changes: ConfigurationChanges
        /// What was read; `nil`: there is no file, and the defaults count.
        var file: String?
    }

    let live: LiveConfiguration
    let source: ConfigurationSource?
    let engine: Engine
    let logger: Logger
    /// Raised to have the drop-in folders looked at.
    let folders: Wakeup

    /// - Parameters:
    ///   - store: `nil` for an agent without one now: then nothing can be taken over.
    ///   - isTrial: Only to say what would change.
    /// Throws what is wrong with the configuration, or with the store; then nothing is changed.
    func reload(_ store: Store?, by: String, isTrial: Bool = false) async throws -> Answer {
        let (configuration, file) = try read()
        let endpoints = try configuration.endpoints.map { try EndpointPreparation($0) }
        let current = live.current
        var changes = ConfigurationChanges(from: current, to: configuration)
        if let store {
            try Self.check(try await store.read { try $0.foreign(endpoints) })
            try await Self.count(&changes.changed, store)
        }
        let answer = Answer(changes: changes, file: file)
        guard !isTrial else { return answer }
        // Whatever has changed: somebody thinks that something has.
        folders.set()
        guard !changes.isEmpty else { return answer }
        guard let store else { throw Parts.unavailable("store") }
        try await store.write { transaction in
            try Self.check(try transaction.foreign(endpoints))
            try transaction.putConfigured(endpoints)
            try transaction.tell("reloaded", Self.summary(answer), agent: current.name, Self.data(answer, by: by))
        }
        live.replace(by: changes.next)
        // Without folders there is nobody to look at them.
        let installed = Set(engine.snapshot().manifolds.map(\.name))
        for part in changes.parts.intersection(installed).sorted() { try engine.restart(part) }
        tell(changes, by: by)
        return answer
    }

    private func tell(_ changes: ConfigurationChanges, by: String) {
        logger.notice(
            "the configuration was read again",
            metadata: ["by": "\(by)", "changed": "\(changes.changed.map(\.words))"]
        )
        guard !changes.needsStart.isEmpty else { return }
        logger.warning(
            "what has changed in the configuration needs a restart",
            metadata: ["keys": "\(changes.needsStart.map(\.path))"]
        )
    }

    /// Nobody's endpoint becomes the configuration's without a word, for it would go with that.
    private static func check(_ foreign: [StoredEndpoint]) throws(Failure) {
        guard let endpoint = foreign.first else { return }
        throw Failure(
            .conflict,
            "the configuration is not taken over, and nothing is changed: endpoint \"\(endpoint.name)\" belongs to "
                + endpoint.source,
            path: "/endpoints/\(endpoint.name)",
            hint: "remove it first, or give the one in the configuration another name",
            details: ["owner": .string(endpoint.source)]
        )
    }

    /// Says of the endpoints that go what goes with them.
    private static func count(_ changes: inout [ConfigurationChanges.Change], _ store: Store) async throws {
        let removed = changes.filter { $0.kind == .removed }.compactMap(\.endpoint)
        guard !removed.isEmpty else { return }
        let pending = try await store.read { reader in
            try removed.map { name in try reader.endpoint(name).map { try reader.backlog(of: $0).pending } ?? 0 }
        }
        let counts = Dictionary(zip(removed, pending)) { first, _ in first }
        for index in changes.indices { changes[index].undelivered = changes[index].endpoint.flatMap { counts[$0] } }
    }

    private func read() throws(Failure) -> (configuration: Configuration, file: String?) {
        guard let source else {
            throw Failure(.invalidState, "this agent was given its configuration, and has none to read again")
        }
        do {
            return try source.read()
        } catch {
            let problems = (error as? ConfigurationError)?.problems ?? ["\(error)"]
            throw Failure(
                .invalidState,
                "the configuration is refused, and nothing is changed: \(problems.joined(separator: "\n"))",
                reason: problems.first,
                hint: "reeved --check-config says the same without a reload",
                details: ["problems": .array(problems.map(JSON.string))]
            )
        }
    }

    /// For people: `the configuration was read again: /runner/concurrency; after a restart: /limits/depth`
    private static func summary(_ answer: Answer) -> String {
        func names(_ changes: [ConfigurationChanges.Change]) -> String { changes.map(\.words).joined(separator: ", ") }
        var texts: [String] = []
        if !answer.changes.changed.isEmpty { texts.append(names(answer.changes.changed)) }
        if !answer.changes.needsStart.isEmpty { texts.append("after a restart " + names(answer.changes.needsStart)) }
        return "the configuration was read again: " + texts.joined(separator: "; ")
    }

    private static func data(_ answer: Answer, by: String) -> JSONObject {
        [
            "by": .string(by), "changed": .array(answer.changes.changed.map { .string($0.path) }),
            "needsRestart": .array(answer.changes.needsStart.map { .string($0.path) }),
        ]
    }
}

extension Reloader.Answer {
    var json: JSON {
        [
            "file": file.map(JSON.string) ?? .null, "changed": .array(changes.changed.map(\.json)),
            "needsRestart": .array(changes.needsStart.map(\.json)),
        ]
    }
}
