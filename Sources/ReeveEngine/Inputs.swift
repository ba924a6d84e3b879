import NIOConcurrencyHelpers

/// What a manifold's start finds of its declared inputs: as it was when the start began, and only until it returns.
package final class Inputs: Sendable {
    private let manifold: String
    private let kinds: [ResourceDeclaration: Input.Kind]
    private let values: [String: any Sendable]
    private let cells: [String: LiveCell]
    private let isExpired = NIOLockedValueBox(false)

    /// - Parameters:
    ///   - values: What is present, by resource.
    ///   - cells: The cells of the live inputs, by resource.
    init(manifold: String, inputs: [Input], values: [String: any Sendable], cells: [String: LiveCell]) {
        self.manifold = manifold
        kinds = Dictionary(inputs.map { ($0.resource, $0.kind) }, uniquingKeysWith: { first, _ in first })
        self.values = values
        self.cells = cells
    }

    /// The value of a required input. Throws if it was not declared so, and after the start returned.
    package subscript<Value>(_ resource: Resource<Value>) -> Value {
        get throws {
            try check(resource) { $0 == .required }
            guard let value = values[resource.name] as? Value else {
                throw EngineError.absentInput(resource.name, of: manifold)
            }
            return value
        }
    }

    /// The value of an optional input, if it is there.
    package func optional<Value>(_ resource: Resource<Value>) throws -> Value? {
        try check(resource) { if case .optional = $0 { true } else { false } }
        return values[resource.name] as? Value
    }

    /// The handle of a live input. It stays valid after the start.
    package func live<Value>(_ resource: Resource<Value>) throws -> Live<Value> {
        try check(resource) { $0 == .live }
        guard let cell = cells[resource.name] else { throw EngineError.absentInput(resource.name, of: manifold) }
        return Live(cell: cell)
    }

    func expire() {
        isExpired.withLockedValue { $0 = true }
    }

    private func check<Value>(_ resource: Resource<Value>, _ matches: (Input.Kind) -> Bool) throws {
        guard !isExpired.withLockedValue({ $0 }) else { throw EngineError.expiredInputs(of: manifold) }
        guard let kind = kinds[resource.declaration], matches(kind) else {
            throw EngineError.undeclaredInput(resource.name, of: manifold)
        }
    }
}
