package import JSON

extension EndpointDefinition {
    /// Everything in the definition that can never be valid; empty for a good one.
    package func problems() -> [InvalidValue] {
        var problems = nameProblems(name, "is not an endpoint's name", longest: 128, at: "/name")
        if kind != .webhook {
            problems.append(
                InvalidValue(
                    path: "/kind",
                    reason: "\"\(kind.rawValue)\" is not supported by this version of reeve",
                    expected: "webhook"
                )
            )
        }
        if let format, format != .cloudevents {
            problems.append(
                InvalidValue(
                    path: "/format",
                    reason: "\"\(format.rawValue)\" is not supported by this version of reeve",
                    expected: "cloudevents"
                )
            )
        }
        for (path, field) in [("/batch", batch), ("/template", template), ("/tail", tail)] where field != nil {
            problems.append(
                InvalidValue(path: path, reason: "is not supported by this version of reeve", hint: "leave it out")
            )
        }
        return problems + urlProblems() + numberProblems() + answerProblems() + secretProblems()
    }

    private func urlProblems() -> [InvalidValue] {
        switch url {
        case nil:
            return [InvalidValue(path: "/url", reason: "is required for a webhook", expected: "an http or https URL")]
        case .generate: return [InvalidValue(path: "/url", reason: "cannot be generated")]
        case .literal(let text): return urlProblem(text, path: "/url").map { [$0] } ?? []
        default: return []
        }
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
        let answers = (answers ?? [:]).keys.filter { !(100...599).contains(Int($0) ?? 0) }
        let names = (headers ?? [:]).keys.filter { !isHeaderName($0) || $0.lowercased().hasPrefix("webhook-") }
        return answers.sorted().map {
            InvalidValue(
                path: "/answers/" + InvalidValue.escaped($0),
                reason: "\"\($0)\" is not an HTTP status",
                expected: "100 to 599"
            )
        }
            + names.sorted().map {
                InvalidValue(
                    path: "/headers/" + InvalidValue.escaped($0),
                    reason: "is not a header that can be set",
                    expected: "a header name; those that begin with webhook- are reeve's"
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

private func isHeaderName(_ text: String) -> Bool {
    !text.isEmpty
        && text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && !"()<>@,;:\\\"/[]?={}".utf8.contains($0) }
}
