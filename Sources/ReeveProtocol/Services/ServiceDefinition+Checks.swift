package import JSON

extension ServiceDefinition {
    static let longestName = 64

    /// Everything in the definition that can never be valid; empty for a good one. Circles are not looked for here: they
    /// need the other services.
    package func problems() -> [InvalidValue] {
        var problems = nameProblems(name, "is not a service's name", longest: Self.longestName, at: "/name")
        problems += commandDefinition.problems()
        problems += requirementProblems()
        problems += ready?.problems() ?? []
        problems += probe?.problems() ?? []
        problems += positive(watchdog, "/watchdog")
        problems += restart?.problems() ?? []
        problems += stop?.problems() ?? []
        if let size = log?.size, !(64 << 10...16 << 30).contains(size.bytes) {
            problems.append(
                InvalidValue(path: "/log/size", reason: "\(size) is out of range", expected: "64KiB to 16GiB")
            )
        }
        return problems
    }

    private func requirementProblems() -> [InvalidValue] {
        var problems: [InvalidValue] = []
        var seen: Set<RequirementDefinition.Subject> = []
        for (index, requirement) in (requires ?? []).enumerated() {
            let path = "/requires/\(index)"
            problems += requirement.problems(at: path)
            if requirement.service == name {
                problems.append(InvalidValue(path: path, reason: "\(name) cannot require itself"))
            }
            if !seen.insert(requirement.subject).inserted {
                problems.append(
                    InvalidValue(
                        path: path,
                        reason: "is required above already",
                        hint: "one condition for each: healthy and ready are met only by what is started"
                    )
                )
            }
        }
        return problems
    }
}

extension ReadinessDefinition {
    func problems() -> [InvalidValue] {
        var problems = positive(timeout, "/ready/timeout") + positive(interval, "/ready/interval")
        guard case .probe(let target) = signal else {
            if interval != nil {
                problems.append(
                    InvalidValue(path: "/ready/interval", reason: "has no meaning with notify: nothing is asked")
                )
            }
            return problems
        }
        problems += target.problems(at: "/ready")
        return problems
    }
}

extension ProbeDefinition {
    func problems() -> [InvalidValue] {
        var problems = target.problems(at: "/probe")
        problems += positive(interval, "/probe/interval") + positive(timeout, "/probe/timeout")
        problems += positive(startPeriod, "/probe/startPeriod")
        if let threshold, !(1...1000).contains(threshold) {
            problems.append(InvalidValue(path: "/probe/threshold", reason: "must be from 1 to 1000"))
        }
        return problems
    }
}

extension ProbeTarget {
    fileprivate func problems(at path: String) -> [InvalidValue] {
        switch self {
        case .tcp(let text):
            do {
                _ = try HostAndPort(text, path: path + "/tcp")
                return []
            } catch {
                return [error]
            }
        case .http(let url): return urlProblem(url, path: path + "/http").map { [$0] } ?? []
        case .exec(let command):
            return CommandDefinition(command: command).commandProblems().map { problem in
                var problem = problem
                problem.path = path + "/exec" + problem.path.dropFirst("/command".count)
                return problem
            }
        case .log(let text):
            let isGood = (1...1024).contains(text.utf8.count) && !text.contains("\n") && !text.contains("\0")
            guard !isGood else { return [] }
            return [
                InvalidValue(
                    path: path + "/log",
                    reason: text.isEmpty ? "is empty" : "cannot be looked for in a line",
                    expected: "a text of 1 to 1024 bytes, without line breaks"
                )
            ]
        }
    }
}

/// What services require of each other, looked at for circles.
package struct ServiceGraph: Sendable {
    private var requirements: [String: [String]]

    package init(_ definitions: some Sequence<ServiceDefinition>) {
        requirements = Dictionary(
            definitions.map { ($0.name, ($0.requires ?? []).compactMap(\.service)) },
            uniquingKeysWith: { _, last in last }
        )
    }

    /// What is wrong with a circle, for people.
    package static func description(of circle: [String]) -> String {
        "closes a circle: \((circle + circle.prefix(1)).joined(separator: " requires "))"
    }

    /// The members of a circle that goes through that service, from it on; `nil` if there is none. A service that is not
    /// there requires nothing.
    package func circle(through start: String) -> [String]? {
        var path = [start]
        var open: Set<String> = [start]
        var rest = [requirements[start] ?? []]
        var done: Set<String> = []
        while !rest.isEmpty {
            guard let next = rest[rest.count - 1].popLast() else {
                let last = path.removeLast()
                open.remove(last)
                done.insert(last)
                rest.removeLast()
                continue
            }
            if next == start { return path }
            guard !done.contains(next), open.insert(next).inserted else { continue }
            path.append(next)
            rest.append(requirements[next] ?? [])
        }
        return nil
    }
}
