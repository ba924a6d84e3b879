import ReeveEngine
package import ReeveProtocol

extension Services {
    /// What has to be before a service is started, and is not, of each that the engine keeps.
    package func waits() -> [String: [RequirementDefinition]] {
        let waits = engine.snapshot().manifolds.map { manifold in
            // While it stops, it waits for who depends on it, which is another matter.
            let waitingFor = manifold.state == .stopped ? manifold.waitingFor : []
            return (manifold.name, waitingFor.compactMap(RequirementDefinition.init(resource:)))
        }
        return Dictionary(waits, uniquingKeysWith: { first, _ in first })
    }
}
