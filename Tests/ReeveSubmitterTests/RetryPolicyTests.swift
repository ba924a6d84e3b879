import ReeveProtocol
import ReeveSubmitter
import Testing

struct RetryPolicyTests {
    @Test func `grows from one second by 1.3 up to thirty`() {
        let policy = RetryPolicy()
        let seconds = (1...15).map { policy.wait(afterFailures: $0, chance: 0) / .seconds(1) }
        let expected = [1, 1.3, 1.69, 2.197, 2.856, 3.713, 4.827, 6.275, 8.157, 10.604, 13.786, 17.922, 23.298, 30, 30]
        for (given, wanted) in zip(seconds, expected) { #expect(abs(given - wanted) < 0.001) }
    }

    @Test(arguments: [14, 56, 64, 100, 10_000, Int.max])
    func `saturates after however many failures`(failures: Int) {
        let policy = RetryPolicy()
        #expect(policy.wait(afterFailures: failures, chance: 0) == .seconds(30))
        #expect(policy.wait(afterFailures: failures, chance: 1) == .seconds(36))
    }

    @Test func `is made up to a fifth longer by chance, never shorter`() {
        var random = SplitMix(seed: 1)
        let policy = RetryPolicy()
        for _ in 0..<10_000 {
            let wait = policy.wait(afterFailures: 1, chance: random.chance())
            #expect(wait >= .seconds(1) && wait < .milliseconds(1200))
        }
    }

    @Test func `takes the endpoint's own numbers`() {
        let retry = RetryDefinition(delay: .seconds(10), factor: 2, maximum: .seconds(60))
        let policy = RetryPolicy(retry)
        #expect(
            [1, 2, 3, 4].map { policy.wait(afterFailures: $0, chance: 0) } == [10, 20, 40, 60].map { .seconds($0) }
        )
    }

    @Test func `does not fall below a delay longer than the usual maximum`() {
        let policy = RetryPolicy(RetryDefinition(delay: .minutes(5)))
        #expect(policy.wait(afterFailures: 3, chance: 0) == .seconds(300))
    }
}
