import NIOConcurrencyHelpers

extension Engine {
    /// The picture at this moment, without the workers' own reports. Never waits.
    package func snapshot() -> EngineReport {
        let (time, wall) = (elapsed(), wallTime())
        return state.withLockedValue { $0.machine.report(at: time, wallTime: wall) }
    }

    /// The picture with the workers' own reports. A worker that does not answer in time is marked and does not hold up
    /// the others, the engine, or the next report: it is not asked again until it has answered.
    package func report() async -> EngineReport {
        var report = snapshot()
        let (asked, silent) = askers()
        let answers = await answers(of: asked)
        let owing = silent.union(asked.lazy.map(\.0.manifold))
        for index in report.manifolds.indices {
            let name = report.manifolds[index].name
            if let answer = answers[name] {
                report.manifolds[index].report = answer
            } else if owing.contains(name) {
                let limit = configuration.reportLimit.inMilliseconds
                report.manifolds[index].report = ["error": "the worker did not answer within \(limit) ms"]
            }
        }
        return report
    }

    /// Whom to ask, and the names of those who still owe an earlier answer.
    private func askers() -> ([(Attempt, any Worker)], Set<String>) {
        let now = elapsed()
        return state.withLockedValue { state in
            var asked: [(Attempt, any Worker)] = []
            var silent: Set<String> = []
            for attempt in state.machine.running {
                guard let worker = state.attempts[attempt]?.started?.worker else { continue }
                if let since = state.asked[attempt] {
                    // One that another report has only just asked may still answer in time.
                    if now - since >= configuration.reportLimit { silent.insert(attempt.manifold) }
                } else {
                    state.asked[attempt] = now
                    asked.append((attempt, worker))
                }
            }
            return (asked, silent)
        }
    }

    /// By name; `.some(nil)` is a worker that has nothing to say.
    private func answers(of asked: [(Attempt, any Worker)]) async -> [String: ReportValue?] {
        guard !asked.isEmpty else { return [:] }
        let (stream, answers) = AsyncStream<(String, ReportValue?)>.makeStream()
        // Not children of this task, since one that never answers has to be left.
        for (attempt, worker) in asked {
            Task {
                let answer = await worker.report()
                _ = state.withLockedValue { $0.asked.removeValue(forKey: attempt) }
                answers.yield((attempt.manifold, answer))
            }
        }
        let limit = Task {
            // Cancelled as soon as everybody has answered.
            try? await clock.sleep(for: configuration.reportLimit)
            answers.finish()
        }
        defer { limit.cancel() }
        var result: [String: ReportValue?] = [:]
        for await (name, answer) in stream {
            result.updateValue(answer, forKey: name)
            if result.count == asked.count { break }
        }
        return result
    }
}
