/// What a manifold uses, and what a change of it means to the manifold.
package struct Input: Sendable, Hashable {
    package enum Kind: Sendable, Hashable {
        /// Absent: not started. Gone: stopped at once. Back: started once.
        case required
        /// Started without it too. With `bounces`, whenever it comes or goes the manifold is stopped and started again
        /// after the bounce delay; without, the manifold keeps what it saw at its start.
        case optional(bounces: Bool)
        /// A handle whose value is absent while the input is away; never bounces. See ``Live``.
        case live
    }

    package let resource: ResourceDeclaration
    package let kind: Kind

    package static func required<Value>(_ resource: Resource<Value>) -> Input {
        Input(resource: resource.declaration, kind: .required)
    }

    package static func optional<Value>(_ resource: Resource<Value>, bounces: Bool = false) -> Input {
        Input(resource: resource.declaration, kind: .optional(bounces: bounces))
    }

    package static func live<Value>(_ resource: Resource<Value>) -> Input {
        Input(resource: resource.declaration, kind: .live)
    }
}

extension Input.Kind {
    /// A change of the input stops or bounces the manifold, so that it has to end before the input may.
    var binds: Bool {
        switch self {
        case .required, .optional(bounces: true): true
        case .optional(bounces: false), .live: false
        }
    }
}
