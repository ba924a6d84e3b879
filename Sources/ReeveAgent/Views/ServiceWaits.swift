import ReeveProtocol
import ReeveStore

/// What services wait for before they are started.
struct ServiceWaits: Sendable {
    private var waits: [String: [RequirementDefinition]] = [:]
    /// Somebody keeps services at present.
    let areKept: Bool

    /// - Parameter kept: What those wait for that the engine keeps; `nil` while there is no engine. Of one that it has not
    ///   taken up yet the store knows.
    init(of services: [StoredService], kept: [String: [RequirementDefinition]]?, _ reader: some StateReading) throws {
        areKept = kept != nil
        for service in services where !service.state.status.isAlive {
            let status = service.state.status
            let unmet =
                try kept?[service.name]
                ?? (status == .waiting ? reader.unmet(service.definition.requires ?? []) : [])
            if !unmet.isEmpty { waits[service.name] = unmet }
        }
    }

    /// `nil` if it waits for nothing.
    subscript(service: String) -> [RequirementDefinition]? { waits[service] }
}
