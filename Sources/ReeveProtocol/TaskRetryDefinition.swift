import Glibc
import JSON

/// How often, and how soon, what failed is tried again: of a run each try is another run of the same slot, of a step
/// another process of the same run.
package struct TaskRetryDefinition: Sendable, Hashable, Codable {
    /// Tries after the first; 1 to 100.
    package var limit: Int?
    /// Before the first of them.
    package var delay: Interval?
    /// How much longer each further one waits; 1 or more.
    package var factor: Double?
    package var maximum: Interval?
    /// Only after one of these exit codes; absent: after every failure, a time that was over included.
    package var onExit: [Int]?

    package enum CodingKeys: String, CodingKey, CaseIterable {
        case limit, delay, factor, maximum, onExit
    }

    package init(
        limit: Int? = nil,
        delay: Interval? = nil,
        factor: Double? = nil,
        maximum: Interval? = nil,
        onExit: [Int]? = nil
    ) {
        self.limit = limit
        self.delay = delay
        self.factor = factor
        self.maximum = maximum
        self.onExit = onExit
    }

    package static var defaultLimit: Int { 3 }
    package static var defaultDelay: Interval { .seconds(10) }
    package static var defaultFactor: Double { 2 }
    package static var defaultMaximum: Interval { .minutes(5) }

    /// How long to wait after the attempt of that number (from 1 on) has failed.
    package func wait(after attempt: Int) -> Interval {
        let delay = delay ?? Self.defaultDelay
        // What is given is never shortened by a default.
        let maximum = maximum ?? max(Self.defaultMaximum, delay)
        let grown = Double(delay.milliseconds) * pow(factor ?? Self.defaultFactor, Double(max(0, attempt - 1)))
        return grown < Double(maximum.milliseconds) ? Interval(milliseconds: Int64(grown)) : maximum
    }

    /// How long until the next try, after the attempt of that number (from 1 on) has come to that; `nil`: there is none.
    ///
    /// - Parameter exitCodes: Of the processes of that attempt.
    package func wait(after attempt: Int, _ outcome: Outcome?, exitCodes: [Int]) -> Interval? {
        guard attempt <= limit ?? Self.defaultLimit else { return nil }
        switch outcome {
        case .failed: if let onExit, !exitCodes.contains(where: onExit.contains) { return nil }
        case .timedOut: if onExit != nil { return nil }
        // What was lost may have done its work; the others were meant.
        case .succeeded, .canceled, .lost, .skipped, .missed, .invalid, nil: return nil
        }
        return wait(after: attempt)
    }

    func problems() -> [InvalidValue] {
        var problems = rangeProblems(limit, 1...100, at: "/retry/limit")
        if let factor, !(1...100).contains(factor) {
            problems.append(
                InvalidValue(path: "/retry/factor", reason: "\(factor) is out of range", expected: "1 to 100")
            )
        }
        if let maximum, maximum < delay ?? Self.defaultDelay {
            problems.append(InvalidValue(path: "/retry/maximum", reason: "is shorter than the delay"))
        }
        if let onExit {
            if onExit.isEmpty {
                problems.append(
                    InvalidValue(
                        path: "/retry/onExit",
                        reason: "names no exit code",
                        hint: "leave it out for every failure"
                    )
                )
            }
            problems += onExit.enumerated().filter { !(1...255).contains($0.element) }.map { index, code in
                InvalidValue(
                    path: "/retry/onExit/\(index)",
                    reason: "\(code) is no failure's exit code",
                    expected: "1 to 255"
                )
            }
        }
        return problems + positive(delay, "/retry/delay")
    }
}
