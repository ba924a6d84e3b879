import JSON

/// The manifolds of an engine, each below the input that starts last; and within a manifold that is an engine, its own.
struct PartTree {
    struct Part {
        let name: String
        let report: JSON
        /// What it is started after, and stopped before.
        let needs: [String]
        /// What it only uses while it is there.
        let uses: [String]
        /// The parts inside, where it is an engine.
        let inner: PartTree?
        /// What is wrong with what it reads, though it works.
        let problems: [String]
        /// The need that it is shown below.
        var parent: Int?
        /// The parts that are shown below it.
        var children: [Int] = []
    }

    private(set) var parts: [Part]

    /// - Parameter report: In the shape of `engine.report`.
    init(_ report: JSON) {
        parts = (report["manifolds"]?.object?.members ?? []).map { member in
            let inputs = member.value["inputs"]?.array ?? []
            func names(_ isWanted: (String?) -> Bool) -> [String] {
                inputs.filter { isWanted($0["kind"]?.string) }
                    .compactMap { $0["manifold"]?.string ?? $0["name"]?.string }
            }
            let inner = member.value["report"].flatMap { $0["manifolds"]?.object == nil ? nil : PartTree($0) }
            return Part(
                name: member.name,
                report: member.value,
                needs: names { $0 != "live" },
                uses: names { $0 == "live" },
                inner: inner,
                problems: (member.value["report"]?["problems"]?.array ?? []).compactMap(\.string)
            )
        }
        findParents()
    }

    /// Those that need nothing which is there.
    var roots: [Int] { parts.indices.filter { parts[$0].parent == nil } }

    /// Each part goes below the need with the longest chain of needs above it. The engine has refused circles; the members
    /// of one would be roots here.
    private mutating func findParents() {
        let places = Dictionary(parts.indices.map { (parts[$0].name, $0) }, uniquingKeysWith: { first, _ in first })
        let needs = parts.map { $0.needs.compactMap { places[$0] } }
        var dependents = parts.map { _ in [Int]() }
        for (part, needs) in needs.enumerated() {
            for need in needs { dependents[need].append(part) }
        }
        var depths = parts.map { _ in 0 }
        var open = needs.map(\.count)
        var ready = open.indices.filter { open[$0] == 0 }
        while let part = ready.popLast() {
            parts[part].parent = needs[part].max { depths[$0] < depths[$1] }
            for dependent in dependents[part] {
                depths[dependent] = max(depths[dependent], depths[part] + 1)
                open[dependent] -= 1
                if open[dependent] == 0 { ready.append(dependent) }
            }
        }
        for (part, parent) in parts.map(\.parent).enumerated() {
            if let parent { parts[parent].children.append(part) }
        }
    }
}
