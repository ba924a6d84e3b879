import JSON
import ReeveProtocol

/// Definitions of services, each behind those of them that it requires.
struct ServiceOrder {
    private(set) var definitions: [JSON] = []

    init(_ unordered: [JSON]) {
        var rest = unordered
        while !rest.isEmpty {
            let names = Set(rest.compactMap { $0["name"]?.string })
            // Members of a circle stay as they came: what is said of them is said elsewhere.
            let index = rest.firstIndex { names.isDisjoint(with: Self.required(by: $0)) } ?? rest.startIndex
            definitions.append(rest.remove(at: index))
        }
    }

    /// A circle that these would close, given the services that are there already.
    func circle(among present: [JSON]) -> [String]? {
        let names = Set(definitions.compactMap { $0["name"]?.string })
        let others = present.filter { !names.contains($0["name"]?.string ?? "") }
        let graph = ServiceGraph(
            (others + definitions).map { definition in
                var service = ServiceDefinition(name: definition["name"]?.string ?? "")
                service.requires = Self.required(by: definition).map { RequirementDefinition(.service($0)) }
                return service
            }
        )
        return definitions.lazy.compactMap { graph.circle(through: $0["name"]?.string ?? "") }.first
    }

    /// The services that one requires; a text is a service's name.
    static func required(by definition: JSON) -> [String] {
        (definition["requires"]?.array ?? []).compactMap { $0.string ?? $0["service"]?.string }
    }
}
