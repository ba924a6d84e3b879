/// Who runs processes as units, and who keeps their pipes open while no agent is there.
package struct UnitHost: Sendable {
    package var manager: any UnitManager
    package var keeper: (any DescriptorKeeper)?

    package init(manager: any UnitManager, keeper: (any DescriptorKeeper)?) {
        self.manager = manager
        self.keeper = keeper
    }

    /// Ends what is left of a unit, and what is kept of it.
    package func release(_ unit: UnitIdentity) {
        // What is kept says to the next agent that there is a unit, should this one not come to release it.
        manager.release(unit.name) { [keeper] in
            for name in unit.keptNames { keeper?.drop(name) }
        }
    }

    /// The names of units of which something is kept that nobody took.
    package var left: Set<String> { Set((keeper?.left ?? []).map(UnitIdentity.unitName(ofKept:))) }
}

/// What a process is called that is a unit.
package struct UnitIdentity: Sendable, Equatable {
    /// With which the names of the agent's units begin, and so those of what is kept of them.
    package static let prefix = "reeve-run-"

    /// With its suffix, `.service`.
    package var name: String
    /// For people.
    package var description: String
    package var properties: [String: UnitProperty]

    package init(name: String, description: String = "", properties: [String: UnitProperty] = [:]) {
        self.name = name
        self.description = description
        self.properties = properties
    }

    /// What its descriptors are kept as.
    package var outputName: String { "\(name).out" }
    package var errorName: String { "\(name).err" }
    package var noticesName: String { "\(name).say" }
    var keptNames: [String] { [outputName, errorName, noticesName] }

    /// Whose descriptor it is.
    static func unitName(ofKept name: String) -> String { String(name.dropLast(4)) }
}
