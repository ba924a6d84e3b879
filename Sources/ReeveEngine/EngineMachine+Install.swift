// What comes into the graph and goes out of it.
extension EngineMachine {
    /// Installs all or, if anything is wrong with one of them, none.
    ///
    /// Inputs that nobody offers yet are allowed: they are waited for.
    package mutating func install(_ group: [ManifoldDeclaration], at time: Duration) throws(EngineError) {
        now = max(now, time)
        guard status == .started else { throw .stopping }
        let group = group.map(\.withoutDuplicateInputs)
        try Installation(machine: self, group: group).check()
        let ids = group.map { insert($0) }
        for id in ids { connect(id) }
        for id in ids {
            settle(id)
            if nodes[id].phase == .idle { tell(id) }
        }
        drawConsequences()
    }

    /// Stops these, those who need them first, and forgets each when it has stopped. All of them, or none if one is
    /// unknown.
    package mutating func remove(_ group: [String], at time: Duration) throws(EngineError) {
        now = max(now, time)
        let ids = try group.map { name throws(EngineError) in try index(of: name) }
        for id in ids { nodes[id].isRemoved = true }
        for id in Set(ids).sorted() {
            halt(id, ordered: true)
            if nodes[id].phase == .idle { forget(id) }
        }
        drawConsequences()
    }

    func index(of name: String) throws(EngineError) -> Int {
        guard let id = names[name], !nodes[id].isRemoved else { throw .unknown(name) }
        return id
    }

    /// Its record goes. Those who want what it offered stay, and wait for somebody else to offer it.
    mutating func forget(_ id: Int) {
        let node = nodes[id]
        names[node.name] = nil
        for resource in node.outputs {
            resources[resource].provider = nil
            dropIfUnused(resource)
        }
        for resource in node.inputs {
            resources[resource].dependents[id] = nil
            dropIfUnused(resource)
        }
        nodes.remove(id)
        actions.append(.remove(node.name))
    }

    private mutating func insert(_ declaration: ManifoldDeclaration) -> Int {
        lastOrder += 1
        let id = nodes.next
        let outputs = declaration.outputs.map { resource(named: $0.name) }
        let inputs = declaration.inputs.map { resource(named: $0.resource.name) }
        for output in outputs { resources[output].provider = id }
        for (input, wanted) in zip(inputs, declaration.inputs) { resources[input].dependents[id] = wanted.kind }
        names[declaration.name] = id
        return nodes.insert(
            Node(
                name: declaration.name,
                declaration: declaration,
                inputs: inputs,
                outputs: outputs,
                order: lastOrder,
                since: now,
                absentInputs: 0
            )
        )
    }

    private mutating func connect(_ id: Int) {
        nodes[id].absentInputs = zip(nodes[id].inputs, nodes[id].declaration.inputs)
            .count { resource, input in input.kind == .required && !resources[resource].isPresent }
    }

    private mutating func resource(named name: String) -> Int {
        if let known = resourceNames[name] { return known }
        let id = resources.insert(ResourceNode(name: name))
        resourceNames[name] = id
        return id
    }

    private mutating func dropIfUnused(_ id: Int) {
        guard resources.contains(id), resources[id].provider == nil, resources[id].dependents.isEmpty else { return }
        let name = resources[id].name
        resourceNames[name] = nil
        resources.remove(id)
        actions.append(.forget(name))
    }
}

extension ManifoldDeclaration {
    /// The same input declared twice is one.
    fileprivate var withoutDuplicateInputs: ManifoldDeclaration {
        var seen: Set<Input> = []
        var copy = self
        copy.inputs = inputs.filter { seen.insert($0).inserted }
        return copy
    }
}
