/// The checks of a group of manifolds before any of them is installed.
struct Installation {
    private let machine: EngineMachine
    private let group: [ManifoldDeclaration]
    private var newcomers: [String: ManifoldDeclaration] = [:]
    /// What the group offers, and who of it does.
    private var offers: [String: (declaration: ResourceDeclaration, manifold: String)] = [:]
    private var wanted: Set<String> = []

    init(machine: EngineMachine, group: [ManifoldDeclaration]) {
        self.machine = machine
        self.group = group
    }

    func check() throws(EngineError) {
        var copy = self
        for manifold in group { try copy.enlist(manifold) }
        for manifold in group { try copy.checkTypes(manifold) }
        try copy.checkCycles()
    }

    private mutating func enlist(_ manifold: ManifoldDeclaration) throws(EngineError) {
        let name = manifold.name
        guard !name.isEmpty else { throw .invalidManifold("a manifold", "it has no name") }
        guard machine.names[name] == nil, newcomers[name] == nil else { throw .duplicate(name) }
        guard Set(manifold.inputs.map(\.resource.name)).count == manifold.inputs.count else {
            throw .invalidManifold(name, "it declares one input in two ways")
        }
        if let fault = manifold.limits.fault { throw .invalidLimits(of: name, fault) }
        newcomers[name] = manifold
        for output in manifold.outputs {
            if let other = provider(of: output.name) { throw .duplicateOutput(output.name, name, other) }
            offers[output.name] = (output, name)
        }
        wanted.formUnion(manifold.inputs.lazy.map(\.resource.name))
    }

    // MARK: Types

    private func checkTypes(_ manifold: ManifoldDeclaration) throws(EngineError) {
        for input in manifold.inputs {
            guard let (offer, provider) = offer(of: input.resource.name) else { continue }
            try compare(offer, of: provider, with: input, of: manifold.name)
        }
        for output in manifold.outputs {
            guard let resource = machine.resourceNames[output.name] else { continue }
            for (dependent, _) in machine.sortedDependents(of: resource) {
                let user = machine.nodes[dependent]
                for input in user.declaration.inputs where input.resource.name == output.name {
                    try compare(output, of: manifold.name, with: input, of: user.name)
                }
            }
        }
    }

    private func compare(_ offer: ResourceDeclaration, of provider: String, with input: Input, of user: String)
        throws(EngineError)
    {
        guard offer.type == input.resource.type else {
            throw .wrongType(
                offer.name,
                of: provider,
                offer.type.description,
                user: user,
                input.resource.type.description
            )
        }
    }

    private func offer(of resource: String) -> (ResourceDeclaration, String)? {
        if let (declaration, manifold) = offers[resource] { return (declaration, manifold) }
        guard let id = machine.resourceNames[resource], let provider = machine.resources[id].provider else {
            return nil
        }
        let node = machine.nodes[provider]
        return node.declaration.outputs.first { $0.name == resource }.map { ($0, node.name) }
    }

    private func provider(of resource: String) -> String? {
        offer(of: resource)?.1
    }

    // MARK: Cycles

    /// Only a newcomer can close a cycle, and only one whose outputs somebody wants.
    private func checkCycles() throws(EngineError) {
        var done: Set<String> = []
        for manifold in group where manifold.outputs.contains(where: { isWanted($0.name) }) {
            try walk(from: manifold.name, &done)
        }
    }

    private func isWanted(_ resource: String) -> Bool {
        wanted.contains(resource)
            || machine.resourceNames[resource].map { !machine.resources[$0].dependents.isEmpty } ?? false
    }

    /// Depth first, with a stack of its own: chains may be long.
    private func walk(from start: String, _ done: inout Set<String>) throws(EngineError) {
        guard !done.contains(start) else { return }
        var path = [start]
        var open: Set<String> = [start]
        var rest = [suppliers(of: start)]
        while let next = rest[rest.count - 1].popLast() ?? leave(&path, &open, &rest, &done) {
            guard !next.isEmpty else { continue }
            if open.contains(next) { throw .cycle(Array(path[path.firstIndex(of: next)!...])) }
            guard !done.contains(next) else { continue }
            path.append(next)
            open.insert(next)
            rest.append(suppliers(of: next))
        }
    }

    /// The last of the path has no more suppliers. Answers `nil` when the path is empty, else a name that is none.
    private func leave(
        _ path: inout [String],
        _ open: inout Set<String>,
        _ rest: inout [[String]],
        _ done: inout Set<String>
    ) -> String? {
        let name = path.removeLast()
        open.remove(name)
        done.insert(name)
        rest.removeLast()
        return path.isEmpty ? nil : ""
    }

    private func suppliers(of name: String) -> [String] {
        let inputs = newcomers[name]?.inputs ?? machine.names[name].map { machine.nodes[$0].declaration.inputs } ?? []
        return inputs.compactMap { provider(of: $0.resource.name) }
    }
}
