package import JSON

extension EndpointDefinition {
    /// Everything in the definition that can never be valid; empty for a good one.
    package func problems() -> [InvalidValue] {
        var problems = nameProblems(name, "is not an endpoint's name", longest: 128, at: "/name")
        if batch != nil {
            problems.append(
                InvalidValue(path: "/batch", reason: "is not supported by this version of reeve", hint: "leave it out")
            )
        }
        problems += kindProblems()
        return problems + formatProblems() + numberProblems() + answerProblems() + secretProblems()
    }

    private func numberProblems() -> [InvalidValue] {
        var problems: [InvalidValue] = []
        func check(_ path: String, _ isGood: Bool, _ reason: String) {
            if !isGood { problems.append(InvalidValue(path: path, reason: reason)) }
        }
        check("/inFlight", (1...100).contains(inFlight ?? 1), "must be from 1 to 100")
        check("/timeout", (timeout ?? .seconds(1)) > .zero, "must be longer than 0")
        check("/retry/delay", (retry?.delay ?? .seconds(1)) > .zero, "must be longer than 0")
        check("/retry/factor", (1...1000).contains(retry?.factor ?? 1), "must be from 1 to 1000")
        check("/retry/limit", (1...1000).contains(retry?.limit ?? 1), "must be from 1 to 1000")
        let delay = retry?.delay ?? .zero
        check("/retry/maximum", (retry?.maximum ?? delay) >= delay, "must not be shorter than delay")
        check("/drain/minimum", (drain?.minimum ?? .seconds(1)) > .zero, "must be longer than 0")
        let least = drain?.minimum ?? .zero
        check("/drain/maximum", (drain?.maximum ?? least) >= least, "must not be shorter than minimum")
        return problems
    }

    private func answerProblems() -> [InvalidValue] {
        (answers ?? [:]).keys.filter { !(100...599).contains(Int($0) ?? 0) }.sorted().map {
            InvalidValue(
                path: "/answers/" + InvalidValue.escaped($0),
                reason: "\"\($0)\" is not an HTTP status",
                expected: "100 to 599"
            )
        }
    }

    private func secretProblems() -> [InvalidValue] {
        guard case .literal(let text) = secret, !text.hasPrefix("whsec_") else { return [] }
        return [
            InvalidValue(
                path: "/secret",
                reason: "does not begin with whsec_",
                expected:
                    "whsec_ and base64 of 24 to 64 bytes, {\"file\": …}, {\"credential\": …} or {\"generate\": true}"
            )
        ]
    }
}
