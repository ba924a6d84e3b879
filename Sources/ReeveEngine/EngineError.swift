/// Why the engine refused something, or could not do it.
package struct EngineError: Error, Sendable, CustomStringConvertible {
    package enum Code: Sendable {
        case invalidConfiguration
        case invalidManifold
        case duplicate
        case cycle
        case wrongType
        case unknown
        case stopping
        case undeclaredInput
        case absentInput
        case expiredInputs
        case wrongOutputs
        case notStopped
        case alreadyRunning
    }

    package let code: Code
    /// For a person: what cannot be done, and why.
    package let message: String

    package var description: String { message }

    static func invalidConfiguration(_ fault: FieldFault) -> EngineError {
        EngineError(
            code: .invalidConfiguration,
            message: "cannot use the engine's \(fault.field): it must be \(fault.expected)"
        )
    }

    static func invalidLimits(of name: String, _ fault: FieldFault) -> EngineError {
        EngineError(
            code: .invalidManifold,
            message: "cannot use the limit \(fault.field) of \(name): it must be \(fault.expected)"
        )
    }

    static func invalidManifold(_ name: String, _ reason: String) -> EngineError {
        EngineError(code: .invalidManifold, message: "cannot install \(name): \(reason)")
    }

    static func duplicate(_ name: String) -> EngineError {
        EngineError(code: .duplicate, message: "cannot install \(name): there is one of that name")
    }

    static func duplicateOutput(_ resource: String, _ name: String, _ other: String) -> EngineError {
        EngineError(code: .duplicate, message: "cannot install \(name): \(resource) is offered by \(other) already")
    }

    static func cycle(_ names: [String]) -> EngineError {
        let path = (names + names.prefix(1)).joined(separator: " needs ")
        return EngineError(code: .cycle, message: "cannot install what needs itself: \(path)")
    }

    static func wrongType(_ resource: String, of provider: String, _ offered: String, user: String, _ wanted: String)
        -> EngineError
    {
        EngineError(
            code: .wrongType,
            message: "cannot connect \(user) with \(provider): \(resource) is a \(offered), not a \(wanted)"
        )
    }

    static func unknown(_ name: String) -> EngineError {
        EngineError(code: .unknown, message: "cannot find \(name): nothing of that name is installed")
    }

    static var stopping: EngineError {
        EngineError(code: .stopping, message: "cannot do this while the engine is stopping")
    }

    static var alreadyRunning: EngineError {
        EngineError(code: .alreadyRunning, message: "cannot run an engine twice: make another one")
    }

    static func undeclaredInput(_ resource: String, of name: String) -> EngineError {
        EngineError(
            code: .undeclaredInput,
            message:
                "cannot give \(resource) to \(name): the manifold does not declare this input with this type and kind"
        )
    }

    static func absentInput(_ resource: String, of name: String) -> EngineError {
        EngineError(code: .absentInput, message: "cannot give \(resource) to \(name): it is not running")
    }

    static func expiredInputs(of name: String) -> EngineError {
        EngineError(
            code: .expiredInputs,
            message: "cannot give inputs to \(name): its start has returned; take them before, or use a live one"
        )
    }

    static func wrongOutputs(_ name: String, declared: [String], offered: [String]) -> EngineError {
        EngineError(
            code: .wrongOutputs,
            message: "cannot use the worker of \(name): it offers \(offered), its manifold declares \(declared)"
        )
    }

    static func notStopped(_ names: [String]) -> EngineError {
        EngineError(
            code: .notStopped,
            message: "cannot wait any longer for \(names.joined(separator: ", ")): told to stop, and left"
        )
    }
}
