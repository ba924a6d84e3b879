package import JSON

extension EndpointDefinition {
    /// Everything in the definition that can never be valid; empty for a good one.
    package func problems() -> [InvalidValue] {
        var problems = nameProblems(name, "is not an endpoint's name", longest: 128, at: "/name")
        problems += kindProblems() + filterProblems()
        return problems + maskProblems() + formatProblems() + numberProblems() + answerProblems()
    }

    private func numberProblems() -> [InvalidValue] {
        var problems: [InvalidValue] = []
        func check(_ path: String, _ isGood: Bool, _ reason: String) {
            if !isGood { problems.append(InvalidValue(path: path, reason: reason)) }
        }
        check("/inFlight", (1...100).contains(inFlight ?? 1), "must be from 1 to 100")
        check("/batch/events", (1...1000).contains(batch?.events ?? 1), "must be from 1 to 1000")
        let size = batch?.bytes ?? ByteSize(bytes: 1 << 20)
        check("/batch/bytes", (1 << 10...16 << 20).contains(size.bytes), "must be from 1KiB to 16MiB")
        check("/progress", (.seconds(10) ... .hours(24)).contains(progress ?? .minutes(1)), "must be from 10s to 24h")
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

    /// Lists that are given and empty would take nothing at all, which is hardly meant.
    private func filterProblems() -> [InvalidValue] {
        guard let filter else { return [] }
        var problems: [InvalidValue] = []
        for (name, count) in [
            ("types", filter.types?.count), ("lanes", filter.lanes?.count), ("outcomes", filter.outcomes?.count),
        ] where count == 0 {
            problems.append(
                InvalidValue(path: "/filter/\(name)", reason: "is empty and would take nothing", hint: "leave it out")
            )
        }
        for (list, entries) in [("types", filter.types ?? []), ("lanes", filter.lanes ?? [])] {
            for (index, entry) in entries.enumerated() where entry.isEmpty {
                problems.append(InvalidValue(path: "/filter/\(list)/\(index)", reason: "must not be empty"))
            }
        }
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
}
