import NIOConcurrencyHelpers
import ReeveProtocol
import ReeveStore
import ReeveSubmitter
import TestSupport
import Testing

/// The whole way: the store, the submitter, real connections, a receiver that fails in every way.
struct DeliveryTests {
    private static let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

    @Test(.timeLimit(.minutes(5)))
    func `everything arrives in order though the receiver fails at random and goes away`() async throws {
        let random = NIOLockedValueBox(SplitMix(seed: 42))
        let decide: WebhookReceiver.Decision = { _ in
            switch random.withLockedValue({ Int.random(in: 0..<20, using: &$0) }) {
            case 0: .cut
            case 1: .cutMidway(200)
            case 2: .status(500)
            case 3: .status(429, retryAfter: "0")
            case 4: .hang
            default: .ok
            }
        }
        try await SubmitterHarness.running { harness in
            try await WebhookReceiver.running(decide: decide) { receiver in
                try await harness.put("ops", url: receiver.url) {
                    $0.secret = .literal(Self.secret)
                    $0.timeout = .milliseconds(100)
                    $0.retry = RetryDefinition(delay: .milliseconds(1), factor: 1.1, maximum: .milliseconds(10))
                }
                let clock = ContinuousClock()
                var published: Set<String> = []
                for round in 1...4 {
                    try await harness.submitting(
                        over: HTTPTransport(clock: clock, wallClock: ManualWallClock()),
                        clock: clock
                    ) { submitter in
                        for lane in 0..<12 {
                            published.formUnion(try await harness.publish("lane\(lane)", 1...10).map(\.id))
                        }
                        await receiver.goAway()
                        try await receiver.comeBack()
                        // In the last round everything comes to its end, in the others it is cut off.
                        if round == 4 { #expect(try await submitter.flush(deadline: .seconds(240)).delivered) }
                    }
                }
                let check = WebhookReceiver.Check(receiver.records, secret: Self.secret, .mayRepeatDelivered)
                #expect(check.problems.isEmpty)
                #expect(published.isSubset(of: check.delivered))
                #expect(published.count == 480)
                // Some of the failures were met.
                #expect(receiver.records.contains { $0.status == nil })
                #expect(receiver.records.contains { $0.status == 500 })
            }
        }
    }
}
