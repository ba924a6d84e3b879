/// How long each step took, in the order of the steps.
struct Times {
    private var steps: [(name: String, times: [Duration])] = []

    mutating func measure<Result>(_ name: String, _ body: () async throws -> Result) async throws -> Result {
        let clock = ContinuousClock()
        let begin = clock.now
        let result = try await body()
        let time = clock.now - begin
        if let index = steps.firstIndex(where: { $0.name == name }) {
            steps[index].times.append(time)
        } else {
            steps.append((name, [time]))
        }
        return result
    }

    /// A line for each step: its name and the median in milliseconds, with a tab between.
    var text: String {
        steps.map { name, times in
            let microseconds = Int(times.sorted()[times.count / 2] / .microseconds(1))
            return "\(name)\t\(Double(microseconds) / 1000)\n"
        }.joined()
    }
}
