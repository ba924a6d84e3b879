import Glibc
import JSON
import TestSupport
import Testing

/// What the real `reeved` does while there is nothing to do: nothing.
@Suite(.timeLimit(.minutes(5)))
struct IdleTests {
    @Test func `tasks run on its own threads, and libdispatch has none that it would come round to look at`()
        async throws
    {
        let estate = try Estate()
        try await WebhookReceiver.running { receiver in
            try await estate.running { daemon in
                // Used: the database, processes, the socket, a timer, and the client of a webhook, which looks a name up.
                var endpoint = receiver.endpoint().object ?? [:]
                endpoint["url"] = .string("http://localhost:\(receiver.port)/hook")
                try await daemon.call("endpoint.put", ["endpoint": .object(endpoint)])
                let command: JSON = ["/bin/sleep", "600"]
                try await daemon.call("task.put", ["task": ["id": "slow", "command": command, "timeout": "1ms"]])
                _ = try await daemon.reeve("run", "slow", code: 124)
                let flushed = try await daemon.call("agent.flush", ["deadline": "1m"])
                #expect(flushed["delivered"] == true, "\(flushed.text)")
                let threads = names(in: "/proc/\(daemon.child.pid)/task").compactMap { thread in
                    try? readFile("/proc/\(daemon.child.pid)/task/\(thread)/comm").split(separator: "\n").first
                }
                #expect(threads.contains("worker") && threads.contains("timers"), "\(threads)")
                // By the ends of the names of its queues: that is the writer of the database, a serial queue.
                #expect(threads.contains { $0.hasSuffix("-qos.overcommit") }, "\(threads)")
                // And these would serve its global queues, which it looks at once a second from then on.
                #expect(!threads.contains { $0.hasSuffix("-qos") }, "\(threads)")
                #expect(try await daemon.stopped() == .exited(0), "\(estate.log)")
            }
        }
    }
}
