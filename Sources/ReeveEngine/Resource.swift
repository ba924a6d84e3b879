/// The key of something that one manifold offers and others use: a name and the type of its value.
///
/// A dependent asks for a narrow interface by this key, never for the worker behind it, so that nobody can stop what he
/// only uses. Declare it once and let both sides use it: `static let store = Resource<Store>("store")`.
package struct Resource<Value: Sendable>: Sendable {
    /// Unique in an engine. What a manifold of one resource offers is best called like the manifold.
    package let name: String

    package init(_ name: String) {
        self.name = name
    }

    /// Declares in a manifold that it offers this.
    package var declaration: ResourceDeclaration {
        ResourceDeclaration(name: name, type: ResourceType(Value.self))
    }

    /// The value that a started worker offers under this key.
    package func output(_ value: Value) -> Output {
        Output(declaration: declaration, value: value)
    }
}

/// The type of a resource, for comparison and for messages.
package struct ResourceType: Sendable, Hashable, CustomStringConvertible {
    private let id: ObjectIdentifier
    package let description: String

    package init<Value>(_ type: Value.Type) {
        id = ObjectIdentifier(type)
        description = String(reflecting: type)
    }

    package static func == (left: ResourceType, right: ResourceType) -> Bool { left.id == right.id }

    package func hash(into hasher: inout Hasher) { hasher.combine(id) }
}

/// A resource without its static type.
package struct ResourceDeclaration: Sendable, Hashable {
    package let name: String
    package let type: ResourceType
}

/// A value offered under its key: see ``Resource/output(_:)``.
package struct Output: Sendable {
    let declaration: ResourceDeclaration
    let value: any Sendable
}
