import TestSupport
import Testing

@testable import ReeveStore

/// A slow disk is told apart from a writer that does not come to its work.
struct WriterActivityTests {
    @Test func `the queue knows whether its writes wait for the disk or for the writer`() {
        var queue = WriteQueue<Int>()
        #expect(queue.activity(at: .seconds(5)) == .idle)
        _ = queue.enqueue(1, at: .seconds(10))
        _ = queue.enqueue(2, at: .seconds(12))
        #expect(queue.activity(at: .seconds(13)) == .waiting(for: .seconds(3)))
        #expect(queue.nextGroup(at: .seconds(20)).group == [1, 2])
        _ = queue.enqueue(3, at: .seconds(21))
        #expect(queue.activity(at: .seconds(24)) == .committing(for: .seconds(4)))
        #expect(queue.nextGroup(at: .seconds(30)).group == [3])
        #expect(queue.activity(at: .seconds(31)) == .committing(for: .seconds(1)))
        #expect(queue.nextGroup(at: .seconds(32)).group.isEmpty)
        #expect(queue.activity(at: .seconds(99)) == .idle)
    }

    @Test(
        arguments: [
            (.idle, false, nil), (.committing(for: .seconds(1)), false, nil),
            (.committing(for: .milliseconds(3200)), false, "the disk is slow: a write has taken 3 s and is not done"),
            (.committing(for: .seconds(86_400)), false, "the disk is slow: a write has taken 86400 s and is not done"),
            (.waiting(for: .seconds(10)), false, nil),
            (
                .waiting(for: .seconds(11)), true,
                "the writer is stuck: for 11 s nobody has begun with the writes that wait"
            ),
        ] as [(WriterActivity, Bool, String?)]
    )
    func `only a writer that does not begin is stuck`(activity: WriterActivity, isStuck: Bool, trouble: String?) {
        #expect(activity.isStuck == isStuck)
        #expect(activity.trouble == trouble)
    }

    @Test func `a store whose writer is held says so, and still tells its numbers`() async throws {
        try await withStore { store, directory in
            try await store.publish(event("a"))
            #expect(store.writerActivity == .idle)
            let gate = await WriterGate(store)
            directory.stopwatch.advance(by: .seconds(3))
            #expect(store.writerActivity == .committing(for: .seconds(3)))
            let statistics = try await store.statistics()
            #expect(statistics.journalHead == 1 && statistics.synchronous == 2)
            try await gate.open()
        }
    }
}
