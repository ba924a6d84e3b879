/// No call takes longer than 5 ms. One that did is repeated, and counts only if the fastest of ten does too: the host
/// may have been busy.
struct TimeLimit {
    #if DEBUG
        // A build for the debugger is not measured, but must not hang.
        static let longest = Duration.seconds(1)
    #else
        static let longest = Duration.milliseconds(5)
    #endif

    private let text: String

    init(_ text: String) {
        self.text = text
    }

    func check<Result>(_ what: String, _ body: () -> Result) -> Result {
        let clock = ContinuousClock()
        let begin = clock.now
        let result = body()
        var fastest = clock.now - begin
        var rounds = 1
        while fastest > Self.longest, rounds < 10 {
            fastest = min(fastest, clock.measure { _ = body() })
            rounds += 1
        }
        guard fastest <= Self.longest else { fatalError("\(what) takes \(fastest): \(text)") }
        return result
    }
}
