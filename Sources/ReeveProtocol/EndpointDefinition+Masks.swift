import JSON

extension ConfiguredValue {
    /// What is shown in the place of a value that is not shown.
    package static let mask = "…"

    /// Put again, it means the value that is there.
    package var isMask: Bool { self == .literal(Self.mask) }

    /// As it is shown: where it is may be, what it is may not.
    package var masked: ConfiguredValue { if case .literal = self { .literal(Self.mask) } else { self } }

    fileprivate func unmasked(_ before: ConfiguredValue?) -> ConfiguredValue {
        guard isMask, case .literal = before else { return self }
        return before ?? self
    }
}

extension EndpointDefinition {
    /// As it is shown: without its secret, and without what its headers and variables say. Put again it changes nothing.
    package var masked: EndpointDefinition {
        var definition = self
        definition.secret = secret?.masked
        definition.headers = headers?.mapValues(\.masked)
        definition.environment = environment?.mapValues(\.masked)
        return definition
    }

    /// The definition with what its masks stand for. Where nothing is there to keep, the mask stays, and is a problem.
    /// - Parameter before: As the endpoint is until now.
    package func unmasked(_ before: EndpointDefinition?) -> EndpointDefinition {
        var definition = self
        definition.secret = secret?.unmasked(before?.secret)
        for (name, value) in headers ?? [:] { definition.headers?[name] = value.unmasked(before?.headers?[name]) }
        for (name, value) in environment ?? [:] {
            definition.environment?[name] = value.unmasked(before?.environment?[name])
        }
        return definition
    }

    func maskProblems() -> [InvalidValue] {
        var paths = secret?.isMask == true ? ["/secret"] : []
        for (field, values) in [("headers", headers), ("environment", environment)] {
            let masked = (values ?? [:]).filter { $0.value.isMask }.keys.sorted()
            paths += masked.map { "/\(field)/" + InvalidValue.escaped($0) }
        }
        return paths.map { path in
            InvalidValue(
                path: path,
                reason: "\"\(ConfiguredValue.mask)\" stands for a value that is not shown, and there is none to keep",
                expected: "the value itself, {file: PATH} or {credential: NAME}"
            )
        }
    }
}
